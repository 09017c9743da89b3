"""Picking one field out of a flat JSON object by walking over its keys; and an object that nothing is asked about."""

import json

from tools.train.tasks.phrases import phrasings
from tools.train.tasks.sample import Problem, number
from tools.train.tasks.words import draw_word

_KEYS = ("name age city id color size price count status type title year user email phone code level score rank state "
         "total weight height width owner model speed host port path key tag date hour team group lang country "
         "file version").split()
_CHINESE = "北京 上海 广州 小明 小红 红色 蓝色 绿色 苹果 香蕉 老师 学生 中国 春天 火车".split()
_PHRASES = {
    "en": phrasings("What does the field {k} hold in {o}?",
                    "[What is|Tell me|Give me] the value of [|the field ]{k}[| in]: {o}",
                    "What is the value of [|the field ]{k} in [|this JSON: |the object ]{o}[|?]",
                    "{o} What is [|the value of |the ]{k}?",
                    "[Get|Extract|Read|Take|Pick] [|the field |the value of ]{k} from "
                    "[|this JSON: |the object ]{o}[|.]", "What is {k} in [|this JSON? |this object? ]{o}",
                    "From {o} [pick|take|get|read] [|the field ]{k}[|.]",
                    "In [|the JSON object |the object ]{o}, what is {k}?",
                    "[Read|Get|Find|Return] the [field|value of] {k}: {o}", "Given {o}, what is [|the value of ]{k}?",
                    "Look at {o}. What is [|the ]{k}?", "Find [|the field ]{k} in {o}",
                    "What value does [|the field ]{k} have in {o}?", "{o} {k}?"),
    "zh": phrasings("请从{o}中找出{k}的值。", "[在|]{o}[中|里][，|]{k}[的值|][是什么|是多少]？", "从{o}[中|里][取出|读出|找出|提取]{k}[|。]",
                    "[这个JSON|这个对象][里|中]{k}[是多少|是什么|的值是什么]？{o}", "[请读出|读出|取|提取|取出|找出]字段{k}[|的值]：{o}",
                    "[提取|读取|找出]{k}：{o}",
                    "[给定|已知]{o}，{k}[是什么|是多少|的值是什么]？", "[字段|]{k}的值是[什么|多少]？{o}", "找出{o}[里|中]的{k}[|。]", "{o} {k}是什么？"),
}
_MARK = {"en": {False: " no", True: " yes"}, "zh": {False: "否", True: "是"}}


def _value(rng):
    kind = rng.random()
    if kind < 0.4:
        return number(rng, rng.randint(1, 4))
    if kind < 0.5:
        return rng.random() < 0.5
    if kind < 0.6:
        return rng.choice(_CHINESE)
    word = draw_word(rng, rng.randint(3, 8))
    return word.capitalize() if rng.random() < 0.4 else word


_BARE = {
    "en": phrasings("Take this object: {o}", "{o}",
                    "[Here is|This is|I have|Look at] [some JSON|a JSON object|an object|this]: {o}",
                    "JSON: {o}", "{o}.", "[What is|Parse|Read|Explain] [this|this JSON|this object][|?|.] {o}",
                    "[Which|What] fields [are in|has|does it have in] {o}[|?]",
                    "[List|Show|Name] the [fields|keys] of {o}[|.]"),
    "zh": phrasings("拿这个对象：{o}", "[这是|这里有|我有|看][一个JSON|一个对象|JSON|这个]：{o}", "[解析|读一下|解释][这个JSON|这个对象|]：{o}",
                    "{o}[里|中]有[哪些|什么]字段？", "[列出|说出]{o}的字段[|。]"),
}


class JsonField:
    name = "json"
    phrases = {language: {"field": list_} for language, list_ in _PHRASES.items()}

    @staticmethod
    def draw(rng):
        keys = rng.sample(_KEYS, rng.randint(2, 5))
        fields = {key: _value(rng) for key in keys}
        wanted = rng.choice(keys)
        compact = rng.random() < 0.2
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":") if compact else None)
        return Problem(f"{text} {wanted}", "field", len(keys),
                       {"object": fields, "o": text, "key": wanted, "quote": rng.random() < 0.4})

    @staticmethod
    def fields(problem, language):
        key = problem.values["key"]
        return {"o": problem.values["o"], "k": f'"{key}"' if problem.values["quote"] else key}

    @staticmethod
    def solve(problem, language):
        wanted = problem.values["key"]
        lines = [wanted + "?"]
        for key, value in problem.values["object"].items():
            lines.append(key + _MARK[language][key == wanted])
            if key == wanted:
                break
        answer = value if isinstance(value, str) else json.dumps(value)
        return "\n".join(lines), answer


class JsonObject:
    """An object without a question about it: its fields, and which of them is wanted."""

    name = "object"
    phrases = {language: {"object": list_} for language, list_ in _BARE.items()}

    @staticmethod
    def draw(rng):
        fields = JsonField.draw(rng).values["object"]
        if rng.random() < 0.3:  # names of any kind, which need only be copied
            fields = {draw_word(rng, rng.randint(3, 7)): value for value in fields.values()}
            if rng.random() < 0.3:
                fields = dict(zip("abcdexyz", fields.values()))
        if rng.random() < 0.2:
            name = rng.choice(list(fields))
            fields[name] = rng.choice(([1, 2], {"id": number(rng, 2)}, {"a": {"b": 1}}, [], {}))
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":") if rng.random() < 0.2 else None)
        return Problem(text, "object", len(fields), {"object": fields, "o": text})

    @staticmethod
    def solve(problem, language):
        keys = list(problem.values["object"])
        if language == "en":
            return "keys: " + " ".join(keys), f"This object has the fields {', '.join(keys)}. Which one do you want?"
        return "键：" + " ".join(keys), f"这个对象有字段{'、'.join(keys)}。要取哪一个？"
