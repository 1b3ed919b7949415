"""Sentences that speak to whoever reads a text instead of telling of a matter, in English and Chinese.

A report tells of things: what is dark, since when, who is hit. An order to the reader is made of other
words: of what is done with reports (route, file, answer), of what they are made of (field, line,
instruction), of the reader himself, and of teams. A sentence is told by the share of such words among all
that carry meaning, so that no wording needs to be known. Does not know whom the text came from, nor what is
done with what it finds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

TEAMS: Final = "[\ue001\ue002]"
"""Signs that stand for teams' names in the texts that are read here."""

_TEAM_SIGNS: Final = frozenset("\ue001\ue002")
_READER: Final = frozenset(
    "you your yours yourself dispatcher sorter triager bot chatbot assistant ai llm gpt model "
    "software program engine classifier parser reader algorithm automaton whoever operator moderator "
    "colleague handler assignee recipient addressee somebody someone anybody anyone staff".split()
)
_ABOUT: Final = frozenset(
    "ticket case record note text message line word sentence paragraph instruction rule policy "
    "guideline prompt field label tag category class queue pile bucket tray code team group "
    "department squad people crew folk owner ownership responsibility destination recipient decision "
    "result outcome verdict conclusion answer reply response output confidence urgency priority "
    "triage routing classification evaluation test drill exercise simulation script intent template "
    "summary approval supervisor manager director management header footer system machine command "
    "override exception correction symptom noise detail content context description everything "
    "anything nothing else other whatever none nobody only solely previous above below following "
    "preceding earlier further final correct right wrong proper official mandatory such kind opinion "
    "behalf name entry form section json key value checks check review question expected true real "
    "actual document request report item issue submission destination assignment arrangement agreement "
    "procedure process practice directive order memo circular announcement bulletin status consent clearance "
    "signature stamp alternative option choice candidate suggestion recommendation proposal formality "
    "reason remark template paste mistake accident lead leader chief boss head executive board committee "
    "meeting operation regard sincerely wording credit refund compensation fee penalty".split()
)
_DOES: Final = frozenset(
    "route rout assign send sent forward pass hand give given dispatch transfer move put place direct "
    "redirect file classify classifi categorise categorize sort mark treat consider regard deem count "
    "set choose chose pick select say said speak spoke spoken tell told write written print begin "
    "start end stop conclude summarise summarize land belong own approve pre-approv pre-approved "
    "ignore ignor disregard forget overrule skip drop follow obey read look think decide decid weigh "
    "pretend act behave behav confirm repeat escalate close finish let take took lead handle ask "
    "insist order require requir instruct reply respond return emit default must shall should please "
    "kindly simply just directly straight always never now instead accordingly supersede replace "
    "substitut favour prefer want wish need go goes point sit name deliver settle submit complete fill "
    "change reclassify reassign responsible consult remember note arrange arrang "
    "appoint allot "
    "allocate allocat entrust commission designate designat delegate relay refer submit steer channel "
    "channell bounce shunt "
    "dump park pop stick receive receiv accept adopt attend look deal triage triag review agree concur "
    "settl sanction grant authorise authoris authorize authoriz endorse endors stipulate mandate oblige "
    "expect "
    "suppose suppos intend intended mean meant make made ensure appreciate appreciat grateful hope study "
    "bother insist promise promis guarantee waive waiv offer apologise apologize normally usually "
    "customarily lovely wonderful nice glad".split()
)
_IDLE: Final = frozenset(
    "a an the this that these those it its is are was were be been being am to of in on at by for "
    "from with and or but as so if then than into onto over off up out about i me my we us our he she "
    "they them their his her who which what when where why how there here do does did done have has "
    "had can could will would may might not no don't doesn't isn't it's that's i'm we're one s t re "
    "ll ve some any all each every very too also still even again once".split()
)
_WORD: Final = re.compile(rf"[a-z][a-z'-]*|\d+|{TEAMS}|[㐀-䶿一-鿿]+")
_ENDINGS: Final = ("ing", "ed", "es", "s", "d")
_HAN: Final = re.compile(r"[㐀-䶿一-鿿]")

_READER_ZH: Final = (
    "分拣员|分单员|派单员|调度员|看单的|读到这|读者|机器人|助手|模型|人工智能|"
    "引擎|程序|分类器|系统|机器|坐席|你(?!们)"
)
_ABOUT_ZH: Final = (
    "工单|单子|这[张条份]?单|此单|本单|该单|记录|文字|文本|正文|内容|前[面文几]行?|上[面文述]|"
    "以[上下]|下[面文]|之前|后面|指令|指示|规则|政策|守则|规矩|提示词?|命令|字段|[一那这]栏|"
    "标签|分类|类别|队列|班组|小组|部门|团队|单位|科室|责任|归属|结果|结论|答案|代码|编码|"
    "备注|总结|摘要|演练|测试|数据|练习|话术|意图|模板|核验|检查|审核|复核|核实|置信|优先级?|"
    "百分之百|别的|其[余他它]|所有|一律|一概|任何|真正|正确|全部|无需|无须|不用|不要|不必|"
    "不管|不算|别|只|直接|现象|名下|第一句|消息|政策|主管|主任|领导|经理|上级|名义|口径|凡是|"
    "这种|此类|今天起|从现在起|从这里|以后|原文|内部|最终|最后|唯一|例外|版本|说明|要求|标题|"
    "开头|结尾|句|字|去向|归口|等级|紧急程度|审批|批复|批示|签发|会议|决议|总监|部长|班长|贵[处台方司]|本件|此件|此[类事]|"
    "这[类事]|说明|理由|惯例|一向|向来|历来|一贯|今后|往后|邮件|发件人|收件人|转发|主题|附件|回话|回函|复函|手续|身份|补偿|赔偿|减免|"
    "退款|角色|话"
)
_DOES_ZH: Final = (
    "移交|转交|转派|转给|转到|转|分派|指派|改派|派|送|归档|归类|归|选|填|写|定|放进?|交|给|"
    "输出|打印|回答|回复|答复|答应|忽略|无视|作数|作废|当作|当成|就当|当|视为|视作|算作|假装|"
    "扮演|改成|改|设成|设为|设|标记|标为|标|处理|牵头|负责|通过|同意|确认|办结|取消|跳过|看|"
    "想|分析|读|听|请|麻烦|务必|必须|应当?|应该|需要?|要|说|讲|告诉|执行|遵守|遵照|按照?|照|"
    "过期|变|结束|开始|接手?|让|以|用|念|重复|生效|批准|签字|决定|判断|判给|判|落|安排|指定|"
    "替换|覆盖|为准|收|管|做|认定|认|算|往|向|由|受理|承办|承接|经办|主办|接单|跟进|跟|丢|甩|扔|划|拨|调|投|核定|审定|知悉|研究|劳驾|敬请|"
    "烦请|恳请|拜托|望|径行|毋庸|毋须|无庸|勿|省了|甭|予以|免除|确认|参照|依照|依|误贴|答"
)
_IDLE_ZH: Final = re.compile(
    "[的了是就把在和与都也这那一个张条份它他们我吧呢啊吗好被着过到从跟对里上下已经老样]"
)
_CLASSES_ZH: Final = re.compile(f"(?P<reader>{_READER_ZH})|(?P<about>{_ABOUT_ZH})|(?P<does>{_DOES_ZH})")


@dataclass(frozen=True, slots=True)
class Address:
    """How much of a text speaks to its reader: counts of words of each kind, and of all that carry meaning.

    Two Chinese characters count as one word.
    """

    reader: float
    about: float
    does: float
    teams: float
    whole: float

    @property
    def share(self) -> float:
        """The share of words that speak to a reader, in 0-1; 0 for a text without words."""
        return (self.reader + self.about + self.does + self.teams) / self.whole if self.whole else 0.0

    @property
    def kinds(self) -> int:
        """How many of the four kinds of words there are."""
        return sum(map(bool, (self.reader, self.about, self.does, self.teams)))


def address(text: str) -> Address:
    """Return how much of a text, in small letters, speaks to its reader.

    >>> address("please route this ticket to the usual queue").share > 0.7
    True
    >>> address("two cells are down since noon").share
    0.0
    """
    counts = {"reader": 0.0, "about": 0.0, "does": 0.0}
    teams = whole = 0.0
    for found in _WORD.finditer(text):
        word = found[0]
        if word in _TEAM_SIGNS:
            teams += 1
            whole += 1
        elif _HAN.match(word):
            whole += _han(word, counts)
        elif word not in _IDLE:
            whole += 1
            if kind := _kind(word):
                counts[kind] += 1
    return Address(counts["reader"], counts["about"], counts["does"], teams, whole)


def _kind(word: str) -> str:
    forms = {word, *(word.removesuffix(ending) for ending in _ENDINGS if len(word) - len(ending) >= 3)}
    for name, listed in (("reader", _READER), ("about", _ABOUT), ("does", _DOES)):
        if not forms.isdisjoint(listed):
            return name
    return ""


def _han(run: str, counts: dict[str, float]) -> float:
    """Return how many words a run of characters stands for, the ones of each kind added to the counts."""
    covered = 0.0
    rest: list[str] = []
    at = 0
    for found in _CLASSES_ZH.finditer(run):
        rest.append(run[at : found.start()])
        size = len(found[0]) / 2
        counts[str(found.lastgroup)] += size
        covered += size
        at = found.end()
    rest.append(run[at:])
    return covered + sum(len(_IDLE_ZH.sub("", part)) for part in rest) / 2
