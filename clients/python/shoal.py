"""A client for Shoal in one file: copy it next to your program. It needs pyzmq and msgpack, nothing else.

    from shoal import Client

    client = Client(["tcp://127.0.0.1:5555"])
    for delta in client.chat([{"role": "user", "content": "What is 17 + 25?"}]):
        print(delta.content, end="", flush=True)

    print(client.complete("What is 17 + 25?").content)

A client keeps one DEALER socket per gateway and takes turns between them. Several requests may run at once, each with
an iterator of its own; reading from any of them serves all. Not thread-safe: one client per thread. The messages are
those of protocol/README.md, "Client edge".
"""

import collections
import dataclasses
import time

import msgpack
import zmq

TEXT_FIELDS = ("content", "reasoning_content")


class ShoalError(Exception):
    """The mesh answered with an error. `code` is its stable name, as in "busy"; `retry_after_ms` is 0 unless trying
    again after that time may help."""

    def __init__(self, code, message, retry_after_ms=0):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.retry_after_ms = retry_after_ms


class NoAnswer(ShoalError):
    """No gateway said anything about a request for the client's whole `timeout`."""

    def __init__(self, message):
        super().__init__("timeout", message)


@dataclasses.dataclass
class Delta:
    """What became visible with some more ids. `position` is how many ids the answer has so far, `chain` names them.
    `logprobs` has one entry for each of the ids if the request asked for them, in OpenAI's shape."""

    content: str
    reasoning_content: str
    ids: list
    position: int
    chain: str
    logprobs: dict = None


@dataclasses.dataclass
class Answer:
    """A whole answer. `finish_reason` is "stop" or "length"; `usage` counts tokens; `logprobs` is that of all ids."""

    content: str
    reasoning_content: str
    finish_reason: str
    usage: dict
    logprobs: dict = None


class Stream:
    """One request on its way: an iterator of Deltas. Once it is exhausted, `answer` is the whole Answer.

    With a window the mesh generates at most so many ids ahead of what was taken from the iterator. `credit` says so by
    hand, for streams made with auto_credit=False.
    """

    def __init__(self, client, socket, request_id, window, auto_credit):
        self.id = request_id
        self.request = None  # the mesh's name for it, once accepted
        self.answer = None
        self._client = client
        self._socket = socket
        self._auto_credit = auto_credit and window is not None
        self._messages = collections.deque()
        self._texts = {field: [] for field in TEXT_FIELDS}
        self._logprobs = []
        self._heard = time.monotonic()

    def __iter__(self):
        return self

    def __next__(self):
        while self.answer is None:
            while not self._messages:
                self._client._serve(self)
            message = self._messages.popleft()
            delta = self._take(message)
            if delta is not None:
                if self._auto_credit and message["ids"]:
                    self.credit(delta.position)
                return delta
        raise StopIteration

    def credit(self, position):
        """Says that the ids before `position` are taken: the window counts from there."""
        self._client._send(self._socket, {"type": "CREDIT", "id": self.id, "position": position})

    def cancel(self):
        """Ends the request. Whoever iterates gets ShoalError("cancelled"), or the answer if that was quicker."""
        if self.answer is None:
            self._client._send(self._socket, {"type": "CANCEL", "id": self.id})

    def wait(self):
        """Reads to the end and returns the Answer."""
        for _ in self:
            pass
        return self.answer

    def _take(self, message):
        kind = message["type"]
        if kind == "DELTA":
            for field in TEXT_FIELDS:
                self._texts[field].append(message[field])
            if "logprobs" in message:
                self._logprobs += message["logprobs"]["content"]
            return Delta(message["content"], message["reasoning_content"], message["ids"], message["position"],
                         message["chain"], message.get("logprobs"))
        if kind == "ACCEPTED":
            self.request = message["request"]
        elif kind == "DONE":
            texts = {field: message.get(field, "".join(self._texts[field])) for field in TEXT_FIELDS}
            logprobs = message.get("logprobs", {"content": self._logprobs} if self._logprobs else None)
            self.answer = Answer(**texts, finish_reason=message["finish_reason"], usage=message["usage"],
                                 logprobs=logprobs)
            self._client._forget(self)
        elif kind == "ERROR":
            self._client._forget(self)
            raise ShoalError(message["code"], message["message"], message.get("retry_after_ms", 0))
        return None


class Client:
    """Talks to the gateways at `addresses`. `timeout` is how many seconds a request may be without a sign of life."""

    def __init__(self, addresses=("tcp://127.0.0.1:5555",), timeout=30.0):
        if isinstance(addresses, str):
            addresses = [addresses]
        self._context = zmq.Context()
        self._poller = zmq.Poller()
        self._sockets = []
        self._timeout = timeout
        self._streams = {}  # (socket, id) -> Stream
        self._status = None
        self._count = 0
        for address in addresses:
            socket = self._context.socket(zmq.DEALER)
            socket.linger = 500  # milliseconds: a CANCEL just before the end still leaves
            socket.immediate = True  # a request goes to a gateway that is there
            socket.connect(address)
            self._poller.register(socket, zmq.POLLIN)
            self._sockets.append(socket)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Cancels what is still running and closes the sockets."""
        for stream in list(self._streams.values()):
            stream.cancel()
        self._context.destroy(linger=500)

    def submit(self, messages, auto_credit=True, **parameters):
        """Sends a request and returns its Stream. `messages` is a conversation, or a string: one user message.

        Parameters are those of SUBMIT: stream, model, max_tokens, temperature, top_p, top_k, min_p, seed, stop,
        frequency_penalty, presence_penalty, repetition_penalty, logprobs, top_logprobs, tier, deadline_ms, window.
        """
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        return self._start({"messages": messages, **parameters}, auto_credit)

    def chat(self, messages, stream=True, **parameters):
        """Asks, and yields the Deltas of the answer; one with the whole text for stream=False."""
        answer = self.submit(messages, stream=stream, **parameters)
        yield from answer
        if not stream:
            whole = answer.answer
            yield Delta(whole.content, whole.reasoning_content, [], whole.usage["completion_tokens"], "",
                        whole.logprobs)

    def complete(self, messages, **parameters):
        """Asks, and returns the whole Answer."""
        return self.submit(messages, stream=False, **parameters).wait()

    def continue_text(self, prompt, auto_credit=True, **parameters):
        """Sends raw text to be continued, without a chat template, and returns the Stream."""
        return self._start({"prompt": prompt, **parameters}, auto_credit)

    def status(self):
        """Every process of the mesh, as dictionaries: kind, node, epoch, address, client, load, age_ms."""
        self._status = None
        socket = self._next_socket()
        self._count += 1
        request_id = f"status-{self._count}"
        self._send(socket, {"type": "STATUS", "id": request_id})
        deadline = time.monotonic() + self._timeout
        while self._status is None or self._status["id"] != request_id:
            if time.monotonic() > deadline:
                raise NoAnswer("no gateway answered STATUS")
            self._receive()
        if self._status["type"] == "ERROR":
            raise ShoalError(self._status["code"], self._status["message"], self._status.get("retry_after_ms", 0))
        return self._status["processes"]

    def _start(self, request, auto_credit):
        self._count += 1
        request_id = str(self._count)
        socket = self._next_socket()
        stream = Stream(self, socket, request_id, request.get("window"), auto_credit)
        self._streams[socket, request_id] = stream
        self._send(socket, {"type": "SUBMIT", "id": request_id, **request})
        return stream

    def _next_socket(self):
        """The next gateway in turn that is connected."""
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            for _ in self._sockets:
                socket = self._sockets.pop(0)
                self._sockets.append(socket)
                if socket.getsockopt(zmq.EVENTS) & zmq.POLLOUT:
                    return socket
            time.sleep(0.01)
        raise NoAnswer("no gateway is there: start a mesh with scripts/up, or name its client address")

    def _send(self, socket, message):
        try:
            socket.send(msgpack.packb(message), zmq.NOBLOCK)
        except zmq.Again:
            raise NoAnswer("the gateway of this request is gone") from None

    def _serve(self, stream):
        """Reads what has come for all streams; `stream` is the one that cannot go on without a message."""
        if self._receive() or stream._messages:
            return
        if time.monotonic() - stream._heard > self._timeout:
            self._forget(stream)
            raise NoAnswer(f"no sign of life for {self._timeout:g} s")

    def _receive(self):
        ready = self._poller.poll(100)
        for socket, _ in ready:
            message = msgpack.unpackb(socket.recv())
            if message["type"] == "STATUS" or message["id"].startswith("status-"):
                self._status = message
            elif (stream := self._streams.get((socket, message["id"]))) is not None:
                stream._heard = time.monotonic()
                stream._messages.append(message)
        return bool(ready)

    def _forget(self, stream):
        self._streams.pop((stream._socket, stream.id), None)
