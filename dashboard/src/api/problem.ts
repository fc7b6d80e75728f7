// What the API answers when it does not do what was asked: a problem document (RFC 9457), or no answer at all.

export interface ProblemBody {
  title: string;
  status: number;
  code: string;
  detail: string;
  field?: string;
  requestId?: string;
}

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly field?: string;
  readonly requestId?: string;

  constructor(private readonly body: ProblemBody) {
    super(body.detail);
    this.name = 'Problem';
    this.status = body.status;
    this.code = body.code;
    this.field = body.field;
    this.requestId = body.requestId;
  }

  /** The session has ended, or there was none. */
  get signedOut(): boolean {
    return this.status === 401;
  }

  /** The same, of a field that a form calls otherwise. */
  of(field: string): Problem {
    return new Problem({ ...this.body, field });
  }

  static async read(response: Response): Promise<Problem> {
    const body: unknown = await response.json().catch(() => null);
    if (body !== null && typeof body === 'object' && 'code' in body && 'detail' in body) {
      return new Problem(body as ProblemBody);
    }
    const detail = `the answer was ${response.status} ${response.statusText}, from something in between`;
    return new Problem({ title: response.statusText, status: response.status, code: 'no-problem-document', detail });
  }

  /** Of what a request has thrown: one that never got an answer is a problem, too. */
  static unanswered(error: unknown): Problem {
    if (error instanceof Problem) return error;
    const detail = 'Reeve cannot be reached; nothing may have happened. Look before you repeat.';
    return new Problem({ title: 'No answer', status: 0, code: 'no-answer', detail });
  }

  /** Of whatever was thrown. */
  static from(error: unknown): Problem {
    if (error instanceof Problem) return error;
    return new Problem({ title: 'A fault of the console', status: 0, code: 'console-fault', detail: `${String(error)}. Loading the page again may help.` });
  }
}
