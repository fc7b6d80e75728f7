"""A program that knows nothing of Reeve: it asks its model one question, with the openai package.

The package reads OPENAI_BASE_URL and OPENAI_API_KEY by itself; OPENAI_MODEL is the one thing the program reads.
"""

import os
import sys

import openai

model = os.environ["OPENAI_MODEL"]
try:
    answer = openai.OpenAI(max_retries=0, timeout=30).chat.completions.create(
        model=model, messages=[{"role": "user", "content": "ping"}]
    )
except openai.APIStatusError as error:
    sys.exit(f"{model} refuses: HTTP {error.status_code} {error.message}")
print(f"{model} says: {answer.choices[0].message.content}")
