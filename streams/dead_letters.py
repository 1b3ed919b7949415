"""Dead letters sent again to where they came from, as they were.

They are taken from the store, which holds every one of them; the dead-letter topic is for others to read, and
brokers forget. Does not know why they were refused; what has been mended since is the operator's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from streams.kafka.sink import RecordSink
from telcollm.errors import FencedError, SettingsError, TelcollmError, TransientError
from telcollm.kafka_settings import KafkaSettings
from telcollm.ports import Store
from telcollm.state import DeadLetter

# A page may hold as many values of Kafka's largest default size, about 1 MB each.
_PAGE = 100
_BATCH_BYTES = 512 * 1024


class Refused(msgspec.Struct, frozen=True):
    """A letter that the broker takes no more, and why."""

    letter: DeadLetter
    reason: str


class Replayed(msgspec.Struct):
    """What became of the letters that were wanted."""

    sent: int = 0
    refused: list[Refused] = []


def count_letters(
    store: Store, wanted: Callable[[DeadLetter], bool], *, topic: str = "", again: bool = False
) -> int:
    """Return how many letters of the topic are wanted; `again` counts those already replayed as well."""
    count = start = 0
    while page := store.dead_letters(topic, include_replayed=again, limit=_PAGE, offset=start):
        count += sum(map(wanted, page))
        start += len(page)
    return count


def replay_letters(
    kafka: KafkaSettings,
    store: Store,
    wanted: Callable[[DeadLetter], bool],
    *,
    topic: str = "",
    again: bool = False,
) -> Replayed:
    """Return what became of the letters; each is marked as replayed in the store once it is durable.

    One that the broker refuses for good is told and stays unmarked; the others go on.

    Raises:
        TransientError: the brokers or the store did not answer; what is not marked is sent again next time.
        SettingsError: credentials, rights or options are at fault.
    """
    result = Replayed()
    seen: set[tuple[str, int, int]] = set()
    start = 0
    with RecordSink(kafka) as sink:
        while page := store.dead_letters(topic, include_replayed=again, limit=_PAGE, offset=start):
            # Letters that a worker adds meanwhile move the pages, so a page may begin with known ones.
            fresh = [letter for letter in page if _place(letter) not in seen]
            seen.update(map(_place, fresh))
            marked = 0
            for batch in _batches(filter(wanted, fresh)):
                sent = _send(sink, batch, result.refused)
                store.mark_dead_letters_replayed(map(_place, sent))
                marked += len(sent)
            result.sent += marked
            start += len(page) - (0 if again else marked)
    return result


def _batches(letters: Iterator[DeadLetter]) -> Iterator[list[DeadLetter]]:
    """Yield the letters in order in batches of bounded size; a large letter is one of its own."""
    batch: list[DeadLetter] = []
    held_bytes = 0
    for letter in letters:
        size_bytes = len(letter.key or b"") + len(letter.value or b"")
        if batch and held_bytes + size_bytes > _BATCH_BYTES:
            yield batch
            batch, held_bytes = [], 0
        batch.append(letter)
        held_bytes += size_bytes
    if batch:
        yield batch


def _send(sink: RecordSink, batch: list[DeadLetter], refused: list[Refused]) -> list[DeadLetter]:
    """Return the letters of the batch that are durable now; note those refused for good."""
    queued: list[DeadLetter] = []
    for letter in batch:
        try:
            sink.send(letter.topic, letter.key, letter.value, [("replayed-from", _origin(letter).encode())])
        except (TransientError, SettingsError, FencedError):
            raise
        except TelcollmError as error:
            refused.append(Refused(letter, str(error)))
        else:
            queued.append(letter)
    try:
        sink.flush()
    except (TransientError, SettingsError, FencedError):
        raise
    except TelcollmError as error:
        if len(queued) == 1:
            refused.append(Refused(queued[0], str(error)))
            return []
        # Any of them may be the one; those delivered already update what they told the first time.
        return [sent for letter in queued for sent in _send(sink, [letter], refused)]
    return queued


def _place(letter: DeadLetter) -> tuple[str, int, int]:
    return (letter.topic, letter.partition, letter.offset)


def _origin(letter: DeadLetter) -> str:
    return f"{letter.topic}/{letter.partition}/{letter.offset}"
