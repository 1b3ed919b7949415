"""Patterns of speech that order a router about, in English and Chinese.

They are read on a clause in small letters in which each team's name is one private sign. They were made from
kinds of orders, not from lists of attacks, and miss what nobody thought of: the route's threshold and the
person who looks are the second guard. Does not know tickets.
"""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = "[\ue001\ue002]"
_UNIT: Final = r"(?:team|queue|desk|group|department|people|guys|folks|staff|dept|squad)"
_TICKET: Final = (
    r"(?:it|this|that|these|everything|(?:the|this|that|my|every|all|such)\s+"
    r"(?:tickets?|cases?|issues?|requests?))"
)
_MACHINE: Final = (
    r"(?:ai|llm|gpt|language model|model|classifier|bot|chatbot|routing bot|assistant|automated system|"
    r"routing (?:system|engine|agent|model)|triage (?:bot|system|agent|model)|algorithm)"
)
_BEFORE: Final = (
    r"(?:above|previous|prior|earlier|preceding|instructions?|rules?|guidelines?|everything|all of|"
    r"rest|context|"
    r"description|text|content|anything|every word|whatever)"
)

ORDER: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # Take back what was said, or what the router was told.
        rf"\b(?:ignore|disregard|forget|discard|overrule|neglect)\b.{{0,40}}\b{_BEFORE}\b",
        r"\b(?:bypass|skip|override|suspend)\b.{0,20}\b(?:triage|rules?|instructions?|classification|"
        r"polic(?:y|ies)|every check|all checks)\b",
        r"^\W*(?:admin |system |begin )*override\b",
        r"\b(?:do not|don't|stop|quit)\s+(?:read|reading|analys|analyz|process)",
        # Speak to the machine, or as it.
        rf"\b(?:note|message|attention|dear|hey|hello|listen|instructions?|reminder)\b[\s,:]*(?:to|"
        rf"for)?\s*(?:the|all|our|any|you)?\s*{_MACHINE}\b",
        rf"\b(?:you are|you're|act as|as|if you are|behave like)\s+(?:now\s+)?(?:an?|"
        rf"the)\s+(?:\w+\s+)?(?:{_MACHINE}|router)\b(?=.*\b(?:answer|must|always|output|classify|only|"
        rf"transfer|route|assign|send|reply|respond|you)|\W*$)",
        rf"^\W*{_MACHINE}\s*$",
        r"\b(?:language model|chatgpt|routing bot|system prompt|developer mode|jailbreak|"
        r"prompt injection|admin override)\b",
        r"\b(?:new|updated|real|following|your|final)\s+(?:instructions?|task is|only task|"
        r"orders? (?:is|are))\b",
        r"\byour only (?:task|job|purpose)\b",
        # Marks of prompts.
        r"<\|\w|\[/?inst\]|#{2,}\s*(?:instruction|system|response|prompt|answer)|<!--|</?(?:system|"
        r"instructions?|prompt|assistant|user)>",
        # The same in Chinese.
        r"(?:忽略|无视|覆盖|忘记|忘掉|不要理会|不用理会|别管|抛开|丢弃|撇开|不用看|别看|不必看|"
        r"跳过)[^，。]{0,8}(?:以上|上述|上面|之前|前面|前文|先前|此前|所有|全部|一切|其他|其它|原有|"
        r"规则|指令|指示|描述|提示|上下文|检查|分诊|文字)",
        r"(?:以上|上述|前面|前文|之前)[^，。]{0,6}(?:作废|无效|忽略|均为测试|都是测试|只是测试|不算)",
        r"全部忽略|别再读|不要再读|停止阅读",
        r"(?:你现在是|你是|作为|扮演|如果你是|假如你是)[^，。]{0,12}(?:ai|人工智能|助手|大?模型|分类器|"
        r"路由器|机器人|自动系统|智能体)",
        r"(?:大模型|语言模型|分类器|路由机器人|派单机器人|分单系统|派单系统)[^，。]{0,4}(?:请|注意|听|"
        r"必须|你)|亲爱的(?:大模型|模型|助手|ai)|^\W*(?:模型|助手|分类器)\W*$",
        r"(?:系统|新的?|最新|管理员|开发者)(?:指令|命令|提示词|提示|消息)|提示词|开发者模式|管理者要求你",
        r"(?:你的)?唯一(?:的)?任务|最终答案|正确(?:的)?(?:班组|团队|答案|分类|标签)",
        r"(?:转|派|指派|分派|移交|转交|改派|流转)(?:给|到|往|至|交)[^，。]{1,8}(?:组|班|团队|部门|部|"
        r"科|中心|专业|队列)",
    )
)  # fmt: skip
"""Orders whatever they name."""

_AFTER: Final = (
    r"(?=\s*(?:$|[^\w\s]|only\b|now\b|immediately\b|please\b|instead\b|and\b|with\b|no matter\b|"
    r"at once\b|asap\b|"
    r"accordingly\b|directly\b|straight\b|right away\b|the\b|\ue001))"
)
_TARGET: Final = re.compile(
    r"(?:\b(?:to|as|for|is|be|are|by|with|of|into|but|pick|choose|select|answers?|output|print|say|"
    r"says|repeat|return|"
    r"label|team|queue|owner|destination|answer|decision|these)\b|[=:>\"'])"
    rf"\W*(?:only\s+)?(?:the\s+)?(?:{_UNIT}\s+)?{_NAME}(?:\s+{_UNIT})?{_AFTER}"
)
_CALL: Final = re.compile(
    r"\b(?:ticket|case|team|queue|label|class|classification|classify|category|owner|answers?|routing|"
    r"route(?:d)?|"
    r"(?:re)?assign(?:ed)?|forward|transfer|dispatch|escalate|destination|decision|triage|triaged|"
    r"confidence|"
    r"pick|choose|select|output|print|respond|reply|repeat after|pretend|simulate|handled|belongs|"
    rf"(?:send|hand|give|move|pass|put|mark|treat|direct|take|set|tag|file|"
    rf"refer)\s+{_TICKET}(?:\s+over)?)\b"
)
_ASKED_UNIT: Final = re.compile(
    rf"\b(?:route|(?:re)?assign|forward|transfer|escalate|hand|pass|send|give|refer|"
    rf"move)\s+(?:{_TICKET}\s+)(?:over\s+|on\s+)?"
    rf"(?:directly\s+|straight\s+)?to\b.{{0,30}}\b{_UNIT}\b"
)
_HAN_CALL: Final = re.compile(
    "转|派|指派|移交|交给|分给|(?:单|类|责任|故障|问题|一律|全部|都)[^，。]{0,8}(?:归|属于|由)|团队|班组|小组|队列|标签|分类|输出|回答|回复|返回|跟我念|"
    "选|答案|目标|视为|当作|"
    "标记|设置|设为|路由|工单|本单|此单|这张单|该单|责任|置信|假装|假设|给"
)
_ANY: Final = re.compile(_NAME)

TARGETS: Final = (
    (_TARGET, _CALL),
    (_ASKED_UNIT, _ASKED_UNIT),
    (re.compile(rf"[\u4e00-\u9fff\uff1a:=\uff1d]\s*{_NAME}"), _HAN_CALL),
)
"""Pairs of patterns that must both be found: a team in the place of an answer, a word that calls for one."""

RELATED: Final = re.compile(
    r"\b(?:priority|confidence)\W+(?:to\b|is\b|low|medium|high|critical|\d)|[=:]\W*(?:critical|high|"
    r"medium|low)\b"
    r"|\b(?:answer accordingly|respond with|whatever (?:is|it|was)|no matter what|everything (?:said|"
    r"written|so far)|"
    r"this is (?:only )?a test|close the ticket|every check|all checks|what else|from now on|stop reading|"
    r"supervisor|policy update|already triaged|raise the priority|"
    r"(?:route|assign|send|forward|transfer|dispatch|hand|give)\s+(?:it|this|accordingly))\b"
    r"|^\W*(?:begin|end|important|attention|please|kindly|note|urgent|system|assistant|admin)\W*$"
    r"|优先级|置信|照此|据此|不管写|无论内容|无论如何|一律|往后|从现在起|领导|批准|跳过所有|关闭工单|"
    r"^请?注意$|^重要$|"
    r"只许|此类工单|所有工单|除了|命令|制度更新|模式开启|作为人工智能|^\W*立即|请?输出|到此为止|此单|"
    r"本单|该单"
)
"""Words that carry an order on in the clause beside it."""

_LEADING: Final = (
    r"(?:this|it|that|the|tickets?|cases?|please|kindly|must|should|shall|be|is|are|was|now|you|just|"
    r"has|have|needs?|to|"
    r"already|such|important|note|urgent|attention|final|following|policy|update|and|then|so|do|not|"
    r"all|of|i|we|want|would|like)"
)
LEAD: Final = re.compile(rf"(?:\b{_LEADING}\b[\s:,]*)+$")
"""Words before an order that belong to it."""
