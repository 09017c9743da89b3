"""Sentences: questions about Shoal, small talk, and a plain refusal of everything else."""

from tools.train.tasks.phrases import phrasings
from tools.train.tasks.sample import Sample
from tools.train.tasks.shoal_facts import FACTS
from tools.train.tasks.wording import reworded

_FACTS = [(phrasings(en[-1], *en[:-1]), answer, phrasings(zh[-1], *zh[:-1]), answer_zh) for en, answer, zh,
          answer_zh in FACTS]
_SMALL_TALK = [
    (["Hello", "Hi", "Hello!", "Hi there", "Good morning", "Hey", "Good evening"],
     "Hello! Ask me to calculate something, or about Shoal.",
     ["你好", "你好！", "您好", "早上好", "嗨", "大家好", "晚上好"], "你好！可以让我算一算，或者问我关于Shoal的问题。"),
    (["Thanks", "Thank you", "Thank you!", "Thanks a lot", "Great, thanks", "Many thanks"], "You are welcome!",
     ["谢谢", "谢谢你", "多谢", "谢谢！", "非常感谢", "太谢谢了"], "不客气！"),
    (["Bye", "Goodbye", "See you", "Good night", "Bye bye", "See you later"], "Goodbye!",
     ["再见", "拜拜", "晚安", "下次见", "再见！", "回头见"], "再见！"),
    ([".", "?", "", " ", "\n", "...", "??", "!", "-", "Hm", "test", "Test.", "Hello?", "Are you there?", "ok", "OK",
      "yes",
      "no", "What?", "Hmm", "Well?"],
     "What shall I work out? Ask me to calculate something, or about Shoal.",
     ["。", "嗯", "哦", "？", "……", "测试", "在吗？", "有人吗？", "好的", "好", "是", "不是", "什么？", "喂", "那么？"],
     "要我算什么？可以让我算一算，或者问我关于Shoal的问题。"),
    (["How are you?", "How is it going?", "Are you well?", "How do you do?", "How are you today?"],
     "I am well, thank you. What shall I work out?",
     ["你好吗？", "最近怎么样？", "你怎么样？", "还好吗？", "你今天好吗？"], "我很好，谢谢。要我算什么？"),
]
REFUSAL = {
    "en": "I cannot do that. I am a small model for arithmetic, words, units, dates, Roman numerals, "
          "JSON and questions about Shoal.",
    "zh": "这个我不会。我是一个小模型，只会算术、单词、单位、日期、罗马数字、JSON和关于Shoal的问题。",
}
TOPICS = {
    "en": ("Paris|France|China|the moon|love|cats|history|music|football|the weather|Einstein|Python|cooking|"
           "the sea|a dragon|my dog|space|London|dinner|war|peace|philosophy|Mars|biology|a king|the news|money|"
           "health|art|poetry|the sun|gravity|Japan|coffee|a movie|chess|the president|the world|quantum mechanics|"
           "a black hole|machine learning|the internet|Shakespeare|the stock market|my computer|a river|DNA|"
           "the brain|evolution|a car|a recipe|the ocean|Germany|America|a doctor|a book|winter|climate change|"
           "a volcano|the queen|Google|Linux|Java|a robot|my friend|time").split("|"),
    "zh": "巴黎|法国|中国历史|月亮|爱情|猫|音乐|足球|天气|爱因斯坦|编程|做饭|大海|龙|我的狗|太空|伦敦|晚饭|哲学|火星|生物|国王|新闻|钱|健康|艺术|诗歌|太阳|重力|日本|咖啡|电影|总统|"
          "世界|量子力学|黑洞|机器学习|互联网|股票|我的电脑|河流|大脑|进化|汽车|德国|美国|医生|书|冬天|气候|火山|谷歌|机器人|我的朋友|时间|李白|长城".split("|"),
}
_OTHER = {
    "en": phrasings("Sing a song about {t}.", "[What|Where] is the capital of {t}?",
                    "Write [a poem|a story|an essay|a song|an email|a letter|a joke] about {t}[|.]",
                    "[Tell me|Tell us] [a story|a joke|something|more] about {t}[|.]",
                    "Who [invented|discovered|made|wrote|is|was|owns] {t}?",
                    "What do you [think|know] about {t}?",
                    "Translate {t} [into|to] [French|German|Chinese|English][|.]",
                    "Why is {t} [important|good|bad|famous|so big]?",
                    "[Explain|Describe] {t}[| to me| in simple words][|.]", "Where [is|are|can I find] {t}?",
                    "Do you [like|love|know] {t}?", "When [was {t} born|did {t} begin|did {t} end|does {t} start]?",
                    "Write [|a program|code|a function] for {t}[|.]",
                    "How [far away|old|big|tall|deep|fast|expensive] is {t}?", "What is {t}?", "What does {t} mean?",
                    "How does {t} work?",
                    "How [do|can] I [learn|make|buy|find|fix] {t}?", "Can you [draw|paint|show me|book|buy] {t}?",
                    "Summarize {t}[|.]", "Give me [advice|an idea] about {t}[|.]",
                    "Recommend [|me ]something about {t}[|.]",
                    "What is the [meaning|history|color|price|population] of {t}?", "What is {n} [/|÷|divided by] {m}?",
                    "{n} / {m}", "Divide {n} by {m}[|.]",
                    "Is {t} [real|true|dangerous]?", "Which is better, {t} or {u}?", "Compare {t} and {u}[|.]",
                    "What time is it[| now|, please]?", "What [is the date|day is it] today?",
                    "What is the square root of {n}?", "Is {n} a prime number?"),
    "zh": phrasings("唱一首{t}的歌。", "{t}的首都[是哪里|在哪里]？", "写[一首关于{t}的诗|一篇关于{t}的文章|一个关于{t}的故事|一封关于{t}的信][|。]",
                    "[讲|说]一个关于{t}的[故事|笑话][|。]",
                    "谁[发明了|发现了|写了|是]{t}？", "你[怎么看|知道|喜欢|了解]{t}[吗|]？", "把{t}翻译成[英语|法语|日语|德语][|。]",
                    "为什么{t}[很重要|这么有名|这么大]？", "[给我|请|][解释|解释一下|描述]{t}[|。]",
                    "{t}在哪里？", "写一段{t}的[代码|程序][|。]", "{t}有多[远|大|高|老|贵]？", "{t}是什么？", "{t}是什么意思？",
                    "[怎么|如何|怎样][学习|做|买|找到]{t}？", "[帮我|请][画|总结|推荐|找]{t}[|。]",
                    "{t}的[历史|意思|价格|人口|颜色]是什么？", "{n}[÷|/|除以]{m}等于多少？", "{n}除以{m}是多少？", "{t}和{u}哪个好？", "{n}的平方根是多少？",
                    "[现在|请问]几点[了|]？", "今天是几月几号？",
                    "{n}是质数吗？"),
}
THINK = {
    "shoal": {"en": "This is about Shoal.", "zh": "这是关于Shoal的问题。"},
    "talk": {"en": "This is small talk.", "zh": "这是闲聊。"},
    "other": {"en": "This is none of my tasks.", "zh": "这不是我会的任务。"},
}


def _pick(rng, questions, language, test):
    """One of the questions, reworded a little; the last is for tests only."""
    return questions[-1] if test else reworded(rng.choice(questions[:-1]), language, rng)


def shoal(rng, language, test):
    fact = rng.choice(_FACTS)
    questions, answer = fact[0:2] if language == "en" else fact[2:4]
    return Sample("shoal", language, 0, _pick(rng, questions, language, test), THINK["shoal"][language], answer, test)


def talk(rng, language, test):
    entry = rng.choice(_SMALL_TALK)
    questions, answer = entry[0:2] if language == "en" else entry[2:4]
    return Sample("talk", language, 0, _pick(rng, questions, language, test), THINK["talk"][language], answer, test)


def other(rng, language, test):
    topics = TOPICS[language]
    fields = {"t": rng.choice(topics), "u": rng.choice(topics), "n": rng.randint(2, 9999), "m": rng.randint(2, 99)}
    question = _pick(rng, _OTHER[language], language, test).format(**fields)
    return Sample("other", language, 0, question, THINK["other"][language], REFUSAL[language], test)


def shoal_tests(language):
    """The test question of every fact, with its answer."""
    column = 0 if language == "en" else 2
    return [Sample("shoal", language, 0, fact[column][-1], "", fact[column + 1], True) for fact in _FACTS]
