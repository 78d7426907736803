"""The words that forms and events share. A wire string is the value; it never changes once accepted."""

from enum import StrEnum


class PlaceRole(StrEnum):
    """What happened at a place: the incident itself, or it is where the person targeted lives, works or worships."""

    HAPPENED = "happened"
    TARGETED = "targeted"


class PlaceKind(StrEnum):
    """Whether a place can be put on the partnership's map. Online and outside are known places, not unknown ones."""

    LOCATED = "located"
    ONLINE = "online"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"
    PREFER_NOT_TO_SAY = "prefer-not-to-say"


class Setting(StrEnum):
    """The sort of place."""

    HOME = "home"
    STREET = "street"
    SHOP = "shop"
    PUB_OR_RESTAURANT = "pub-or-restaurant"
    PARK = "park"
    PUBLIC_TRANSPORT = "public-transport"
    EDUCATION = "education"
    CARE = "care"
    WORK = "work"
    WORSHIP = "worship"
    PUBLIC_BUILDING = "public-building"
    ONLINE = "online"
    OTHER = "other"
    UNKNOWN = "unknown"
    PREFER_NOT_TO_SAY = "prefer-not-to-say"


class IncidentType(StrEnum):
    """What was done. Several may hold at once."""

    VERBAL_ABUSE = "verbal-abuse"
    THREAT = "threat"
    ASSAULT = "assault"
    SPITTING = "spitting"
    DAMAGE = "damage"
    GRAFFITI = "graffiti"
    ARSON = "arson"
    HARASSMENT = "harassment"
    OFFENSIVE_MESSAGE = "offensive-message"
    ONLINE_ABUSE = "online-abuse"
    BULLYING = "bullying"
    THEFT = "theft"
    REFUSAL_OF_SERVICE = "refusal-of-service"
    DUMPING = "dumping"
    EXPLOITATION = "exploitation"
    DEMONSTRATION = "demonstration"
    OTHER = "other"
    UNKNOWN = "unknown"
    PREFER_NOT_TO_SAY = "prefer-not-to-say"


class HarmGrade(StrEnum):
    """An ordinal scale for each sort of harm; the two last are outside the order."""

    NONE = "none"
    MINOR = "minor"
    SERIOUS = "serious"
    CRITICAL = "critical"
    UNKNOWN = "unknown"
    PREFER_NOT_TO_SAY = "prefer-not-to-say"


class Target(StrEnum):
    """What or whom the incident was aimed at."""

    PERSON = "person"
    PROPERTY = "property"
    GROUP = "group"
    PREMISES = "premises"
    UNKNOWN = "unknown"
    PREFER_NOT_TO_SAY = "prefer-not-to-say"


class Answer(StrEnum):
    """A yes-or-no question as a form asks it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    PREFER_NOT_TO_SAY = "prefer-not-to-say"


class EarlierIncidents(StrEnum):
    """How many earlier incidents in twelve months, as told by whoever reports."""

    NONE = "none"
    ONE = "one"
    TWO_OR_MORE = "two-or-more"
    UNKNOWN = "unknown"
    PREFER_NOT_TO_SAY = "prefer-not-to-say"


class Recording(StrEnum):
    """Reported by somebody, or found by an agency that went looking: never mixed, since the second feeds itself."""

    REPORTED = "reported"
    PROACTIVE = "proactive"


class DetailsChecked(StrEnum):
    """Whether staff have been through the details. It says nothing of the perception, which is never judged."""

    CHECKED = "checked"
    NOT_CHECKED = "not-checked"
    UNKNOWN = "unknown"


class CrimeStatus(StrEnum):
    """Whether the incident amounts to a crime."""

    CRIME = "crime"
    NON_CRIME = "non-crime"
    UNDECIDED = "undecided"


class Channel(StrEnum):
    """How the report came in."""

    WALK_IN = "walk-in"
    PHONE = "phone"
    WEB = "web"
    APP = "app"
    PAPER = "paper"
    OUTREACH = "outreach"
    IMPORT = "import"
    OTHER = "other"
    UNKNOWN = "unknown"


class WithdrawalReason(StrEnum):
    """Why a report no longer counts."""

    REPORTER_ASKED = "reporter-asked"
    ENTERED_IN_ERROR = "entered-in-error"
    DUPLICATE = "duplicate"
    TEST = "test"
    OTHER = "other"


class LinkBasis(StrEnum):
    """Who says that two reports are of one occurrence, or are not."""

    STAFF = "staff"
    REPORTER = "reporter"
    SHARED_REFERENCE = "shared-reference"


class ConsentTo(StrEnum):
    """With whom a report may be shared."""

    POLICE = "police"
    AGENCY = "agency"
    STATISTICS = "statistics"


class ConsentGiven(StrEnum):
    """What was answered to one question of consent."""

    YES = "yes"
    NO = "no"
    ANONYMISED_ONLY = "anonymised-only"
    UNKNOWN = "unknown"
    PREFER_NOT_TO_SAY = "prefer-not-to-say"


class PersonRole(StrEnum):
    """What somebody is to an incident."""

    VICTIM = "victim"
    WITNESS = "witness"
    REPORTER = "reporter"
    THIRD_PARTY = "third-party"
    SUSPECT = "suspect"


class SignalForm(StrEnum):
    """What is known of tension: a feeling, a thing that happened, a thing that may come. Never added up."""

    OBSERVED = "observed"
    EVIDENCED = "evidenced"
    FORECAST = "forecast"


class Intensity(StrEnum):
    """How strong a feeling is, on an ordinal scale; `unknown` is outside the order."""

    CALM = "calm"
    UNEASY = "uneasy"
    TENSE = "tense"
    HOSTILE = "hostile"
    UNKNOWN = "unknown"


class Reach(StrEnum):
    """How far a signal reaches, the narrowest first; `unknown` is outside the order."""

    PERSON = "person"
    STREET = "street"
    NEIGHBOURHOOD = "neighbourhood"
    CITY = "city"
    BEYOND = "beyond"
    UNKNOWN = "unknown"


class SignalSort(StrEnum):
    """What a signal is about, as a practitioner would file it."""

    GRAFFITI = "graffiti"
    DISORDER = "disorder"
    MEDIA = "media"
    RUMOUR = "rumour"
    DEMONSTRATION = "demonstration"
    TRIAL = "trial"
    ANNIVERSARY = "anniversary"
    ELECTION = "election"
    SPORT = "sport"
    INTERNATIONAL = "international"
    PLANNING = "planning"
    RELATIONS = "relations"
    OTHER = "other"
    UNKNOWN = "unknown"


class ForecastOutcome(StrEnum):
    """Whether what was expected came."""

    HAPPENED = "happened"
    DID_NOT_HAPPEN = "did-not-happen"


class Direction(StrEnum):
    """Where tension is going, in the judgement of people."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure people are of an assessment."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Marking(StrEnum):
    """Whether something is real. The most real first: what holds anything real is marked so."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"
    SYNTHETIC = "synthetic"


class Severity(StrEnum):
    """How soon somebody must answer an alert, the least first."""

    WATCH = "watch"
    AMBER = "amber"
    AMBER_HIGH = "amber-high"
    RED = "red"


class AlertClass(StrEnum):
    """What sort of answer an alert needs."""

    TENSION = "tension"
    DATA_QUALITY = "data-quality"
    SAFEGUARDING = "safeguarding"


class AlertOutcome(StrEnum):
    """What an alert turned out to be: the only ground truth for tuning rules."""

    REAL = "real"
    RECORDING = "explained-by-recording"
    DUPLICATE = "duplicate"
    INSUFFICIENT = "insufficient"
