"""A training job that tells how far it is.

    pip install -r requirements.txt
    export MARKET_PULSE_TOKEN=$(market-pulse token create --scope publish --label training)
    python3 publish_training.py http://127.0.0.1:3000 resnet-7

Follow it with follow_training.py, or with `curl -N http://127.0.0.1:3000/api/v1/sse/training`.
"""

import os
import sys
import time

import requests

EPOCHS = 20
SECONDS_PER_EPOCH = float(os.environ.get("SECONDS_PER_EPOCH", "0.5"))


class Publisher:
    """Publishes events of one channel. Waits while the server is away or busy, so that no event is lost."""

    def __init__(self, server, channel, token):
        self.url = f"{server}/api/v1/channels/{channel}/events"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def publish(self, event, data):
        """Returns the id of the event, once the server has stored it."""
        while True:
            try:
                answer = self.session.post(self.url, json={"event": event, "data": data}, timeout=10)
            except requests.RequestException as error:
                # Nobody knows whether it was stored: telling it twice is better than never.
                print(f"waiting {type(error).__name__}", file=sys.stderr, flush=True)
                time.sleep(1)
                continue
            if answer.status_code in (429, 503):
                print(f"waiting {answer.status_code}", file=sys.stderr, flush=True)
                time.sleep(answer.json()["retry"]["delayMs"] / 1000)
                continue
            if not answer.ok:
                # A wrong token, or an event that does not fit: waiting does not help.
                raise SystemExit(f"{answer.status_code} {answer.json()['error']['message']}")
            return answer.json()["data"]["id"]


def train():
    """Pretends to learn something: yields progress, loss and accuracy of each epoch."""
    for epoch in range(1, EPOCHS + 1):
        time.sleep(SECONDS_PER_EPOCH)
        yield epoch, 100 * epoch / EPOCHS, 1 / epoch, 1 - 0.5 / epoch


def main(server, task):
    publisher = Publisher(server, "training", os.environ["MARKET_PULSE_TOKEN"])

    def tell(progress, status, message, **metrics):
        data = {"task_id": task, "progress": progress, "status": status, "message": message, "metrics": metrics}
        event_id = publisher.publish("training_progress", data)
        print(f"published {event_id} {progress:g} %", flush=True)

    tell(0, "started", "loading data")
    for epoch, progress, loss, accuracy in train():
        tell(progress, "running", f"epoch {epoch} of {EPOCHS}", loss=loss, accuracy=accuracy)
    tell(100, "completed", "done")


main(*sys.argv[1:3])
