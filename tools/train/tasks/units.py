"""Converting an amount of one unit into another: one multiplication or one exact division by a constant, with decimals
where it is a power of ten."""

from tools.train.tasks.columns import divide_lines, times_lines
from tools.train.tasks.phrases import phrasings
from tools.train.tasks.sample import Problem, number

# How a unit is written: (English singular, plural), more of them, and Chinese names. Short forms serve both languages.
_KILOMETER = [("kilometer", "kilometers"), ("km", "km"), ("kilometre", "kilometres")], ["公里", "千米", "km"]
_METER = [("meter", "meters"), ("m", "m"), ("metre", "metres")], ["米", "m"]
_CENTIMETER = [("centimeter", "centimeters"), ("cm", "cm"), ("centimetre", "centimetres")], ["厘米", "cm"]
_MILLIMETER = [("millimeter", "millimeters"), ("mm", "mm"), ("millimetre", "millimetres")], ["毫米", "mm"]
_TON = [("ton", "tons"), ("t", "t"), ("tonne", "tonnes")], ["吨"]
_KILOGRAM = [("kilogram", "kilograms"), ("kg", "kg"), ("kilo", "kilos")], ["千克", "公斤", "kg"]
_GRAM = [("gram", "grams"), ("g", "g")], ["克", "g"]
_LITER = [("liter", "liters"), ("L", "L"), ("litre", "litres"), ("l", "l")], ["升", "L"]
_MILLILITER = [("milliliter", "milliliters"), ("ml", "ml"), ("millilitre", "millilitres"), ("mL", "mL")], ["毫升", "ml"]
_YEAR, _MONTH = ([("year", "years")], ["年"]), ([("month", "months")], ["个月"])
_WEEK, _DAY = ([("week", "weeks")], ["周"]), ([("day", "days")], ["天"])
_HOUR, _MINUTE = ([("hour", "hours"), ("h", "h")], ["小时"]), ([("minute", "minutes"), ("min", "min")], ["分钟"])
_SECOND = [("second", "seconds"), ("s", "s")], ["秒"]
_YARD = [("yard", "yards")], ["码"]
_FOOT, _INCH = ([("foot", "feet")], ["英尺"]), ([("inch", "inches")], ["英寸"])

# (factor, large unit, small unit)
_UNITS = [(1000, _KILOMETER, _METER), (100, _METER, _CENTIMETER), (10, _CENTIMETER, _MILLIMETER),
          (1000, _KILOGRAM, _GRAM), (1000, _TON, _KILOGRAM), (1000, _LITER, _MILLILITER),
          (60, _HOUR, _MINUTE), (60, _MINUTE, _SECOND), (24, _DAY, _HOUR), (7, _WEEK, _DAY), (12, _YEAR, _MONTH),
          (12, _FOOT, _INCH), (3, _YARD, _FOOT)]
_PHRASES = {
    "en": phrasings("Convert {v} {from_} into {to}.", "[Convert|Change|Please convert] {v} {from_} to {to}[|.]",
                    "[Change|Turn] {v} {from_} into {to}[|.]", "How many {to} [are|is|make] {v} {from_}?",
                    "How many {to} are [there |]in {v} {from_}?", "[What is|How much is] {v} {from_} in {to}?",
                    "{v} {from_} = ? {to}", "{v} {from_} [in|to] {to}[|?]",
                    "[Express|Give|Write] {v} {from_} in {to}[|.]",
                    "{v} {from_} [is|are|equals] how many {to}?", "{v} {from_} are how much in {to}?"),
    "zh": phrasings("{v}{from_}转换成{to}是多少？", "{v}{from_}[等于|是|有|合|为][多少|几]{to}？",
                    "[把|将|请把|请将]{v}{from_}[换算成|换算为|换成|转换为|化成]{to}[|。]", "[把|将]{v}{from_}转换成{to}[|。]",
                    "{v}{from_}=[？|?|]{to}", "{v} {from_}等于[几|多少]{to}？",
                    "{v}{from_}[换算成|换算为|换成|化成]{to}[是多少|等于多少]？", "{v}{from_}[换算成|换成]{to}[|。]"),
}


def decimal(value, scale=1):
    """value / scale, scale a power of ten, as it is written: 2500, 1000 is "2.5"."""
    whole, rest = divmod(value, scale)
    digits = str(rest).zfill(len(str(scale)) - 1).rstrip("0") if scale > 1 else ""
    return f"{whole}.{digits}" if digits else str(whole)


def _name(unit, value, language, form):
    """How a unit is written behind a value, which is text."""
    if language == "zh":
        return unit[1][int(form * len(unit[1]))]
    return unit[0][int(form * len(unit[0]))][value != "1"]


def _amount(unit, value, language, form):
    return f"{value}{'' if language == 'zh' else ' '}{_name(unit, value, language, form)}"


def _times(value, factor, language):
    """Lines of value × factor: the factor's digits before its zeros, then the zeros."""
    zeros = 10 ** (len(str(factor)) - len(str(factor).rstrip("0")))
    if factor == zeros:
        return [f"{value}×{factor}={value * factor}"]
    head = factor // zeros
    lines = times_lines(value, head, language)
    return lines + ([f"{value * head}×{zeros}={value * factor}"] if zeros > 1 else [])


def _divide(value, factor, language):
    """Lines of value ÷ factor, exact: the zeros first."""
    zeros = 10 ** (len(str(factor)) - len(str(factor).rstrip("0")))
    lines = [f"{value}÷{zeros}={value // zeros}"] if zeros > 1 else []
    return lines + (divide_lines(value // zeros, factor // zeros, language) if factor > zeros else [])


def _shift(value, scale, factor, down):
    """Lines of a decimal times or divided by a power of ten: as many digits behind the point as it has zeros, or the
    point that many places to the left.
    """
    places = len(str(factor)) - 1
    text = decimal(value, scale)
    if down:
        whole, _, digits = text.partition(".")
        return [f"{text}={whole}.{digits.ljust(places, '0')}", f"×{factor}={decimal(value * factor, scale)}"]
    digits = text.rjust(places + 1, "0")
    return [f"{text}÷{factor}={digits[:-places]}.{digits[-places:]}", f"={decimal(value, factor)}"]


class Units:
    """`v` is the value times `scale`, which is 1 for whole numbers."""

    name = "units"
    phrases = {language: {"convert": list_} for language, list_ in _PHRASES.items()}

    @staticmethod
    def draw(rng):
        pick = rng.randrange(len(_UNITS))
        factor, down = _UNITS[pick][0], rng.random() < 0.5
        many = number(rng, rng.randint(1, 3)) or 1
        value = many if down else many * factor
        return Problem(f"{pick} {down} {value}", "convert", len(str(value)),
                       {"unit": pick, "down": down, "v": value, "scale": 1, "form": 0.0, "glued": False})

    @staticmethod
    def fields(problem, language):
        _, large, small = _UNITS[problem.values["unit"]]
        from_, to = (large, small) if problem.values["down"] else (small, large)
        value, form = decimal(problem.values["v"], problem.values["scale"]), problem.values["form"]
        name = _name(from_, value, language, form)
        if problem.values["glued"] and len(name) <= 2:
            return {"v": value + name, "from_": "", "to": _name(to, "2", language, form)}
        return {"v": value, "from_": name, "to": _name(to, "2", language, form)}

    @staticmethod
    def tidy(question):
        """Without what an empty name of a unit left behind."""
        return question.replace("  ", " ").replace(" ?", "?") if "= ?" not in question else question.replace("  ", " ")

    @staticmethod
    def solve(problem, language):
        factor, large, small = _UNITS[problem.values["unit"]]
        value, scale, down = problem.values["v"], problem.values["scale"], problem.values["down"]
        form = problem.values["form"]
        lines = [f"{_amount(large, '1', language, form)}={_amount(small, str(factor), language, form)}"]
        whole = scale == 1 and (down or value % factor == 0)
        if whole:
            lines += (_times if down else _divide)(value, factor, language)
            result = str(value * factor if down else value // factor)
        else:
            lines += _shift(value, scale, factor, down)
            result = decimal(value * factor, scale) if down else decimal(value, factor)
        return "\n".join(lines), _amount(small if down else large, result, language, form)


class Amounts(Units):
    """The same with decimals where the factor is a power of ten, and with short and other names of the units."""

    name = "amounts"

    @staticmethod
    def draw(rng):
        decimals = rng.random() < 0.5
        pick = rng.randrange(6 if decimals else len(_UNITS))  # of those whose factor is a power of ten
        factor, down, scale = _UNITS[pick][0], rng.random() < 0.5, 1
        if not decimals:
            many = number(rng, rng.randint(1, 3)) or 1
            value = many if down else many * factor
        elif down:
            scale = 10 ** rng.randint(1, len(str(factor)) - 1)
            value = rng.randint(1, rng.choice((10, 100, 1000)) * scale)
        else:
            value = number(rng, rng.randint(1, 5)) or 5
        return Problem(f"{pick} {down} {decimal(value, scale)}", "convert", len(str(value)),
                       {"unit": pick, "down": down, "v": value, "scale": scale, "form": rng.random(),
                        "glued": rng.random() < 0.3})
