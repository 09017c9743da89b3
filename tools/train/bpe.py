"""Byte-level BPE with DeepSeek-V3's pre-tokenizer: training of the bundled tokenizer, and encoding with it.

The expressions are those of DeepSeek-V3's tokenizer.json. On top of frequency, a merge must keep what the tasks need:
see allowed().
"""

import collections
import json

import regex

BOS, EOS, PAD = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>"
USER, ASSISTANT, THINK, END_THINK = "<｜User｜>", "<｜Assistant｜>", "<think>", "</think>"
FIRST_TOKENS = (BOS, EOS, PAD)  # ids 0, 1, 2
LAST_TOKENS = (USER, ASSISTANT, THINK, END_THINK)  # the last ids of the vocabulary

SPLITS = (
    r"\p{N}{1,3}",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    (r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
     r"""| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""").replace(r"\r\n", "\r\n"),
)
_COMPILED = [regex.compile(pattern) for pattern in SPLITS]


def byte_alphabet():
    """byte -> the printable character that stands for it in tokenizer.json (GPT-2's table)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table, spare = {b: chr(b) for b in printable}, 0x100
    for b in range(256):
        if b not in table:
            table[b] = chr(spare)
            spare += 1
    return table


def pieces(text):
    """Splits as three Isolated stages do: matches and the gaps between them, each stage inside the pieces of the one
    before.
    """
    parts = [text]
    for pattern in _COMPILED:
        split = []
        for part in parts:
            end = 0
            for match in pattern.finditer(part):
                if match.start() > end:
                    split.append(part[end : match.start()])
                split.append(match.group())
                end = match.end()
            if end < len(part):
                split.append(part[end:])
        parts = split
    return parts


def allowed(token):
    """Whether bytes may become one token: no digit, at most one capital, letters apart from marks, no torn
    characters.

    Digits stay alone so that columns line up; letters apart from marks so that a quoted word has the tokens of the bare
    word.
    """
    if any(0x30 <= b <= 0x39 for b in token) or sum(0x41 <= b <= 0x5A for b in token) > 1:
        return False
    text = token.decode(errors="replace")
    if "\ufffd" in text:  # only the beginning of one character
        return text.count("\ufffd") == 1 and len(text) == 1
    word = text.lstrip(" ")
    return word.isalpha() or not any(c.isalpha() for c in word)


def _merge(word, pair):
    merged, i = [], 0
    while i < len(word):
        if i + 1 < len(word) and (word[i], word[i + 1]) == pair:
            merged.append(word[i] + word[i + 1])
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return tuple(merged)


def train(counts, merges_wanted):
    """counts {piece: how often} -> list of (left, right) byte pairs in order of rank; ties by the bytes themselves."""
    words = {tuple(bytes([b]) for b in piece.encode()): n for piece, n in counts.items()}
    words = collections.Counter(words)
    pairs, where = collections.Counter(), collections.defaultdict(set)

    def note(word, sign):
        for pair in zip(word, word[1:]):
            pairs[pair] += sign * words[word]
            where[pair].add(word)

    for word in words:
        note(word, 1)
    merges = []
    while len(merges) < merges_wanted:
        best = max((pair for pair in pairs if pairs[pair] > 0 and allowed(pair[0] + pair[1])),
                   key=lambda p: (pairs[p], p))
        merges.append(best)
        for word in list(where.pop(best)):
            if words[word] == 0 or best not in zip(word, word[1:]):
                continue
            note(word, -1)
            merged, n = _merge(word, best), words[word]
            words[word] = 0
            if words[merged]:
                note(merged, -1)
            words[merged] += n
            note(merged, 1)
    return merges


class Tokenizer:
    """Encodes text without control tokens; control tokens are named by their text in `special`."""

    def __init__(self, merges, vocab_size=1024):
        self.merges = merges
        tokens = [*FIRST_TOKENS, *(bytes([b]) for b in range(256)), *(a + b for a, b in merges)]
        assert len(tokens) + len(LAST_TOKENS) == vocab_size and len(set(tokens)) == len(tokens)
        self.tokens = [*tokens, *LAST_TOKENS]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._cache = {}

    def special(self, name):
        return self.ids[name]

    def encode_bytes(self, text):
        """One id a byte: how spelled words stand in training targets."""
        return [self.ids[bytes([b])] for b in text.encode()]

    def encode(self, text):
        ids = []
        for piece in pieces(text):
            known = self._cache.get(piece)
            if known is None:
                known = self._encode_piece(piece)
                if len(self._cache) < 200_000:
                    self._cache[piece] = known
            ids += known
        return ids

    def _encode_piece(self, piece):
        word = tuple(bytes([b]) for b in piece.encode())
        while len(word) > 1:
            best = min(zip(word, word[1:]), key=lambda pair: self.ranks.get(pair, len(self.ranks)))
            if best not in self.ranks:
                break
            word = _merge(word, best)
        return [self.ids[token] for token in word]

    def decode(self, ids):
        """Text of ids; control tokens in their own spelling, torn characters as U+FFFD."""
        raw = b"".join(t if isinstance(t, bytes) else t.encode() for t in (self.tokens[i] for i in ids))
        return raw.decode(errors="replace")

    def json(self):
        """The same as a tokenizer.json of the Hugging Face `tokenizers` library."""
        table = byte_alphabet()

        def spell(token):
            return token if isinstance(token, str) else "".join(table[b] for b in token)

        def added(name):
            return {"id": self.ids[name], "content": name, "single_word": False, "lstrip": False, "rstrip": False,
                    "normalized": False,
                    "special": name in FIRST_TOKENS}

        split = [{"type": "Split", "pattern": {"Regex": p}, "behavior": "Isolated", "invert": False} for p in SPLITS]
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
        return {
            "version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [added(name) for name in (*FIRST_TOKENS, *LAST_TOKENS)],
            "normalizer": {"type": "Sequence", "normalizers": []},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*split, byte_level]},
            "post_processor": {**byte_level, "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
            "decoder": {**byte_level, "add_prefix_space": True, "use_regex": True},
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None,
                      "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                      "vocab": {spell(t): i for i, t in enumerate(self.tokens)},
                      "merges": [f"{spell(a)} {spell(b)}" for a, b in self.merges]},
        }


def load(path):
    """Reads a tokenizer.json that json() wrote."""
    back = {c: b for b, c in byte_alphabet().items()}
    with open(path, encoding="utf-8") as file:
        lines = json.load(file)["model"]["merges"]
    return Tokenizer([tuple(bytes(back[c] for c in side) for side in line.split(" ")) for line in lines])
