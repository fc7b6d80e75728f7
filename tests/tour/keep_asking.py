"""A program that calls its model again and again. It asks `reeve-agent serve` every second where to call now and with which key, and
again when a call failed: so it sees no key end, and survives the loss of a proxy. It prints one line a call.

CONFIG_URL and CONFIG_TOKEN say where to ask. It goes on until it is stopped.
"""

import json
import os
import time
import urllib.request

import openai


def config():
    headers = {"authorization": "Bearer " + os.environ["CONFIG_TOKEN"]}
    with urllib.request.urlopen(urllib.request.Request(os.environ["CONFIG_URL"], headers=headers), timeout=10) as answer:
        return json.load(answer)


asked = 0
while True:
    time.sleep(0.02)
    for attempt in range(1, 6):
        if attempt > 1 or time.monotonic() - asked > 1:
            now, asked = config(), time.monotonic()
        if not now["config"]:
            print("may use nothing:", now["detail"]["message"], flush=True)
            time.sleep(1)
            break
        base, model = now["config"]["baseUrl"], now["config"]["model"]
        llm = openai.OpenAI(base_url=base, api_key=now["config"]["apiKey"], max_retries=0, timeout=30)
        try:
            llm.chat.completions.create(model=model, messages=[{"role": "user", "content": "ping"}])
            print(f"answered by {base} at attempt {attempt}", flush=True)
            break
        except openai.OpenAIError as error:
            # A proxy that dies still takes connections for a moment.
            print(f"attempt {attempt} at {base} failed: {type(error).__name__}", flush=True)
            time.sleep(0.2 * attempt)
    else:
        print("the call failed", flush=True)
