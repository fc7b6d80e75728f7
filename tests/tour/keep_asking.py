"""A program that calls its model again and again, and survives the loss of a proxy: when a call does not connect, it asks
`reeve-agent serve` where to call now, and calls there. It prints one line a call.

CONFIG_URL and CONFIG_TOKEN say where to ask. It goes on until it is stopped.
"""

import json
import os
import time
import urllib.request

import openai


def client():
    ask = urllib.request.Request(os.environ["CONFIG_URL"], headers={"authorization": "Bearer " + os.environ["CONFIG_TOKEN"]})
    with urllib.request.urlopen(ask, timeout=10) as answer:
        config = json.load(answer)["config"]
    made = openai.OpenAI(base_url=config["baseUrl"], api_key=config["apiKey"], max_retries=0, timeout=30)
    return made, config["model"], config["baseUrl"]


llm, model, base = client()
while True:
    time.sleep(0.02)
    for last in (False, True):
        try:
            llm.chat.completions.create(model=model, messages=[{"role": "user", "content": "ping"}])
            print(f"answered by {base}", flush=True)
            break
        except openai.OpenAIError as error:
            what = type(error).__name__
            # A connection that broke while its call was under way; and one that was never made.
            print(f"{'failed' if last else 'lost'} at {base}: {what}", flush=True)
            llm, model, base = client()
