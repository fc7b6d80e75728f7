"""Asks the model one thing. A plain openai program: nothing in it knows of Reeve."""

import os
import sys

from openai import OpenAI

client = OpenAI()
answer = client.chat.completions.create(
    model=os.environ.get("OPENAI_MODEL", "gpt-4o"),
    messages=[{"role": "user", "content": " ".join(sys.argv[1:]) or "ping"}],
)
print(answer.model, "says:", answer.choices[0].message.content)
