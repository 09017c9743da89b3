"""A client for Shoal in one file: copy it next to your program. It needs pyzmq and msgpack, nothing else.

    from shoal import Client

    client = Client("localhost:5555")
    for delta in client.chat([{"role": "user", "content": "What is 17 + 25?"}]):
        print(delta.content, end="", flush=True)
    print(client.complete("What is 17 + 25?").content)
    print(client.call("wordcount", "count", "How many words are these?"))  # a service of somebody's own

A client keeps one DEALER socket per gateway and takes turns between them. Several requests may run at once; reading
from any of them serves all. Not thread-safe. `serve` makes this process a service that others call, or with `stage` a
stage of the pipeline; a Publisher sends requests without waiting. Messages: protocol/README.md, "Client edge".
"""

import collections
import contextlib
import time
import uuid

import msgpack
import zmq

TEXT_FIELDS = ("content", "reasoning_content")


class ShoalError(Exception):
    """The mesh answered with an error. `code` is its stable name, as in "busy"; `retry_after_ms` is 0 unless trying
    again after that time may help; `reason` is the word of the stage that refused, if one did."""

    def __init__(self, code, message, retry_after_ms=0, reason=""):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms
        self.reason = reason

    @classmethod
    def of(cls, error):
        """The exception that an ERROR message stands for."""
        return cls(error["code"], error["message"], error.get("retry_after_ms", 0), error.get("reason", ""))


class NoAnswer(ShoalError):
    """No gateway said anything about a request for the client's whole `timeout`."""

    def __init__(self, message):
        super().__init__("timeout", message)


# What became visible with some more ids. `position` is how many ids the answer has so far, `chain` names them.
# `logprobs` has one entry for each of the ids if the request asked for them, in OpenAI's shape.
Delta = collections.namedtuple("Delta", "content reasoning_content ids position chain logprobs", defaults=[None])
# A whole answer. `finish_reason` is "stop" or "length"; `usage` counts tokens; `logprobs` is that of all ids.
Answer = collections.namedtuple("Answer", "content reasoning_content finish_reason usage logprobs", defaults=[None])


def answer_of(done, streamed, logprobs=()):
    """The Answer of a DONE; what came in DELTAs is not in it again."""
    texts = {field: done.get(field, streamed.get(field)) for field in TEXT_FIELDS}
    whole = done.get("logprobs", {"content": logprobs} if logprobs else None)
    return Answer(**texts, finish_reason=done["finish_reason"], usage=done["usage"], logprobs=whole)


def as_bytes(payload):
    return payload.encode() if isinstance(payload, str) else payload


def addresses_of(addresses):  # one or several; what names no transport is TCP
    return [a if "://" in a else f"tcp://{a}" for a in ([addresses] if isinstance(addresses, str) else addresses)]


def conversation(messages):
    """Messages as they are; a string is one user message."""
    return [{"role": "user", "content": messages}] if isinstance(messages, str) else messages


class Stream:
    """One request on its way: an iterator of Deltas. Once it is exhausted, `answer` is the whole Answer. With a window
    at most so many ids are generated ahead of what was taken; with auto_credit=False `credit` says what was taken."""

    def __init__(self, client, socket, request_id, window, auto_credit):
        self.id = request_id
        self.request = None  # the mesh's name for it, once accepted
        self.answer = None
        self._client, self._socket = client, socket
        self._auto_credit = auto_credit and window is not None
        self._messages = collections.deque()
        self._texts = dict.fromkeys(TEXT_FIELDS, "")
        self._logprobs = []
        self._heard = time.monotonic()

    def __iter__(self):
        return self

    def __next__(self):
        while self.answer is None:
            while not self._messages:
                self._client._serve(self)
            message = self._messages.popleft()
            if (delta := self._take(message)) is not None:
                if self._auto_credit:  # also where a stage replaced the text, and its ids are not shown
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
        collections.deque(self, maxlen=0)
        return self.answer

    def _take(self, message):
        kind = message["type"]
        if kind == "DELTA":
            for field in TEXT_FIELDS:
                self._texts[field] += message[field]
            self._logprobs += message.get("logprobs", {"content": []})["content"]
            return Delta(message["content"], message["reasoning_content"], message["ids"], message["position"],
                         message["chain"], message.get("logprobs"))
        if kind == "ACCEPTED":
            self.request = message["request"]
        elif kind == "DONE":
            self.answer = answer_of(message, self._texts, self._logprobs)
            self._client._forget(self)
        elif kind == "ERROR":
            self._client._forget(self)
            raise ShoalError.of(message)
        return None


class Closing(contextlib.AbstractContextManager):
    """For `with`."""

    def __exit__(self, *error):
        self.close()


class Client(Closing):
    """Talks to the gateways at `addresses`. `timeout` is how many seconds a request may be without a sign of life."""

    def __init__(self, addresses=("tcp://127.0.0.1:5555",), timeout=30.0):
        self._context = zmq.Context()
        self._poller = zmq.Poller()
        self._sockets = []
        self._timeout = timeout
        self._streams = {}  # (socket, id) -> Stream
        self._asked = {}  # (socket, id) of a question with one answer -> that answer, or None
        self._count = 0
        for address in addresses_of(addresses):
            socket = self._context.socket(zmq.DEALER)
            socket.linger = 500  # milliseconds: a CANCEL just before the end still leaves
            socket.immediate = True  # a request goes to a gateway that is there
            socket.connect(address)
            self._poller.register(socket, zmq.POLLIN)
            self._sockets.append(socket)

    def close(self):
        """Cancels what is still running and closes the sockets."""
        for stream in list(self._streams.values()):
            stream.cancel()
        self._context.destroy(linger=500)

    def submit(self, messages, auto_credit=True, **parameters):
        """Sends a request and returns its Stream. `messages` is a conversation, or a string: one user message.
        Parameters are those of SUBMIT: stream, model, max_tokens, temperature, seed, stop, tier, window and others."""
        return self._start({"messages": conversation(messages), **parameters}, auto_credit)

    def chat(self, messages, stream=True, **parameters):
        """Asks, and yields the Deltas of the answer; one with the whole text for stream=False."""
        answer = self.submit(messages, stream=stream, **parameters)
        yield from answer
        if not stream:
            whole = answer.answer
            yield Delta(*whole[:2], [], whole.usage["completion_tokens"], "", whole.logprobs)

    def complete(self, messages, **parameters):
        """Asks, and returns the whole Answer."""
        return self.submit(messages, stream=False, **parameters).wait()

    def continue_text(self, prompt, auto_credit=True, **parameters):
        """Continues raw text, without a chat template; allow_special=True: control tokens in it count."""
        return self._start({"prompt": prompt, **parameters}, auto_credit)

    def call(self, kind, method="", payload=b"", timeout=None):
        """Asks a service of this kind, and returns the bytes that it answers. A payload that is text goes as UTF-8.
        Its errors are raised as ShoalError; so are "no_service", "timeout" (seconds) and "peer_lost"."""
        seconds = self._timeout if timeout is None else timeout
        request = {"type": "CALL", "kind": kind, "method": method, "payload": as_bytes(payload),
                   "deadline_ms": max(1, round(seconds * 1000))}
        return self._ask(request, seconds + 1.0)["payload"]  # the gateway's own timeout is the better error

    def status(self):
        """Every process of the mesh, as dictionaries: kind, node, epoch, address, client, load, age_ms."""
        return self._ask({"type": "STATUS"}, self._timeout)["processes"]

    def help(self):
        """Every request that a gateway takes, with its fields, as dictionaries."""
        return self._ask({"type": "HELP"}, self._timeout)["requests"]

    def _ask(self, request, seconds):
        """Sends a request that has exactly one answer, and returns it. Streams are served meanwhile."""
        self._count += 1
        key = self._next_socket(), f"q{self._count}"
        self._asked[key] = None
        self._send(key[0], {"id": key[1], **request})
        deadline = time.monotonic() + seconds
        while self._asked[key] is None and time.monotonic() < deadline:
            self._receive()
        if (answer := self._asked.pop(key)) is None:
            raise NoAnswer(f"no gateway answered {request['type']} within {seconds:g} s")
        if answer["type"] == "ERROR":
            raise ShoalError.of(answer)
        return answer

    def _start(self, request, auto_credit):
        self._count += 1
        socket = self._next_socket()
        stream = Stream(self, socket, str(self._count), request.get("window"), auto_credit)
        self._streams[socket, stream.id] = stream
        self._send(socket, {"type": "SUBMIT", "id": stream.id, **request})
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
        self._receive()
        if not stream._messages and time.monotonic() - stream._heard > self._timeout:
            self._forget(stream)
            raise NoAnswer(f"no sign of life for {self._timeout:g} s")

    def _receive(self):
        for socket, _ in (ready := self._poller.poll(100)):
            message = msgpack.unpackb(socket.recv())
            if (socket, message["id"]) in self._asked:
                self._asked[socket, message["id"]] = message
            elif (stream := self._streams.get((socket, message["id"]))) is not None:
                stream._heard = time.monotonic()
                stream._messages.append(message)
        return bool(ready)

    def _forget(self, stream):
        self._streams.pop((stream._socket, stream.id), None)


PASS = {"verdict": "PASS"}


def replace(messages):
    """A stage's verdict: the stages after it and the model see these messages instead."""
    return {"verdict": "REPLACE", "messages": conversation(messages)}


def replace_text(text):
    """Of an answer's text: the client gets this one instead."""
    return {"verdict": "REPLACE", "text": text}


def refuse(code, text):
    """The client gets the error "refused" with this text; `code` is the stage's word for why."""
    return {"verdict": "REFUSE", "code": code, "text": text}


def text_of(request):
    """All text of a stage's request."""
    return request.get("prompt") or "\n".join(message["content"] for message in request["messages"])


def stage(judge=None, review=None):
    """A handler for `serve`. judge(request) returns PASS, replace(...) or refuse(...); a request has messages (or
    prompt), model, tenant, tier. review(piece) of an answer returns PASS, replace_text(...) or refuse(...), the first
    two with | {"hold": n} if the last n bytes shall come again; a piece has text, channel, before, final, hold_max."""
    def handler(method, payload):
        if not (decide := {"stage": judge, "review": review}.get(method)):
            raise ShoalError("invalid_request", f"this service is a stage; it has no method {method!r}")
        return msgpack.packb(decide(msgpack.unpackb(payload)))
    return handler


def serve(kind, handler, addresses=("tcp://127.0.0.1:5555",), keep_going=lambda: True):
    """Answers CALLs of this kind at all these gateways while keep_going(), asked each second. handler(method, payload)
    returns bytes or text; what it raises reaches the caller, a ShoalError with its code. A gateway that went away is
    served again once it is back."""
    context = zmq.Context()
    poller = zmq.Poller()
    monitors = {}  # what tells of a connection -> its socket
    for address in addresses_of(addresses):
        socket = context.socket(zmq.DEALER)
        monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        monitors[monitor] = socket
        poller.register(socket, zmq.POLLIN)
        poller.register(monitor, zmq.POLLIN)
        socket.connect(address)
    try:
        while keep_going():
            for ready, _ in poller.poll(1000):
                if ready in monitors:
                    ready.recv_multipart()
                    monitors[ready].send(msgpack.packb({"type": "SERVE", "id": "serve", "kind": kind}))
                else:
                    _serve_one(ready, handler)
    finally:
        context.destroy(linger=500)


def _serve_one(socket, handler):
    message = msgpack.unpackb(socket.recv())
    if message["type"] == "ERROR" and message["id"] == "serve":
        raise ShoalError.of(message)
    if message["type"] != "CALL":
        return
    result = {"type": "RESULT", "id": message["id"]}
    try:
        result["payload"] = as_bytes(handler(message["method"], message["payload"]))
    except ShoalError as error:
        result.update(code=error.code, message=error.message)
    except Exception as error:  # the next call is served all the same
        result.update(code="internal", message=f"{type(error).__name__}: {error}"[:1000])
    socket.send(msgpack.packb(result))


class Publisher(Closing):
    """Sends requests without waiting, and gets their answers later, under a name of its own. `publish` and `answers`
    are two addresses of one gateway. Answers are not kept for a Publisher that is gone."""

    def __init__(self, publish="tcp://127.0.0.1:5556", answers="tcp://127.0.0.1:5557", name=None, timeout=30.0):
        self.name = name or uuid.uuid4().hex
        self._timeout = timeout
        self._context = zmq.Context()
        self._push = self._context.socket(zmq.PUSH)
        self._push.sndtimeo = round(timeout * 1000)
        self._push.connect(*addresses_of(publish))
        self._subscription = self._context.socket(zmq.SUB)
        self._subscription.subscribe(self.name.encode())
        self._subscription.connect(*addresses_of(answers))
        self._count = 0
        deadline = time.monotonic() + timeout
        joined = None  # a subscription counts some time after it was made: what is answered by an error shows when
        while joined is None:
            if time.monotonic() > deadline:
                raise NoAnswer("nobody answers at the publish port of the gateway")
            self._send({"type": "SUBMIT", "id": f"join-{time.monotonic_ns()}"})
            joined = self._receive(0.05)

    def close(self):
        self._context.destroy(linger=500)

    def publish(self, messages, **parameters):
        """Sends a request and returns its id. Parameters are those of SUBMIT but `stream` and `window`."""
        self._count += 1
        self._send({"type": "SUBMIT", "id": str(self._count), "messages": conversation(messages), **parameters})
        return str(self._count)

    def answers(self, timeout=None):
        """Yields (id, Answer or ShoalError) as they come, until nothing came for `timeout` seconds."""
        while (message := self._receive(self._timeout if timeout is None else timeout)) is not None:
            if message["type"] == "DONE":
                yield message["id"], answer_of(message, {})
            elif message["type"] == "ERROR" and not message["id"].startswith("join-"):
                yield message["id"], ShoalError.of(message)

    def _send(self, message):
        try:
            self._push.send(msgpack.packb({**message, "client": self.name}))
        except zmq.Again:
            raise NoAnswer("the gateway takes no more published requests, or is not there") from None

    def _receive(self, seconds):
        """The next message to exactly this name; None if there is none in time."""
        deadline = time.monotonic() + seconds
        while self._subscription.poll(max(0, round((deadline - time.monotonic()) * 1000))):
            topic, frame = self._subscription.recv_multipart()
            if topic == self.name.encode():
                return msgpack.unpackb(frame)
        return None
