"""The simulated world: who calls whom, in which tone, and what it does to customers.

Tone is latent: every conversation has a pressure and a warmth between 0 and 1, logistic of a
sum of normal terms (agency, operator, engagement, conversation). What is said, the ratings and
the customers' behaviour follow from them, so the truth behind every figure is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.events import Channel, CustomerType, Service, Touchpoint

HORIZON = timedelta(days=30)
DAY_SECONDS = 86_400
HORIZON_SECONDS = int(HORIZON.total_seconds())


@dataclass(frozen=True)
class Rise:
    """A lasting rise of an agency's pressure, from `day` of the simulation on."""

    day: int
    pressure: float
    """added to the logit of pressure"""


@dataclass(frozen=True)
class Agency:
    """One agency's style and portfolio; tone and outcome parameters are logits."""

    agency_id: str
    name: str
    share: float
    """of all conversations"""
    operators: int
    pressure: float
    warmth: float
    churn_base: float
    payment_base: float
    breach_rate: float
    """share of conversations outside permitted hours"""
    rise: Rise | None = None


@dataclass(frozen=True)
class Spread:
    """Standard deviations, in logits, of what makes conversations of one agency differ."""

    operator: float = 0.35
    engagement: float = 1.5
    conversation: float = 0.35
    warmth_from_pressure: float = -0.55
    """logits of warmth for each logit of pressure above the agency's own"""
    warmth: float = 1.1


@dataclass(frozen=True)
class Behaviour:
    """How treatment moves customers, per unit of an engagement's mean pressure or warmth."""

    churn_from_pressure: float = 7.5
    payment_from_warmth: float = 5.5
    supplier_rate: float = 0.025
    """engagements whose contract the supplier ends, whatever the tone"""
    churn_after_horizon: float = 0.03
    payment_after_horizon: float = 0.15
    rating_base: float = 6.6
    rating_from_warmth: float = 4.4
    rating_from_pressure: float = -3.2
    rating_noise: float = 1.7
    """standard deviation of a rating around its mean, in points of 0-10"""


@dataclass(frozen=True)
class Habits:
    """Shares of services, touchpoints, channels, customer types and surveys."""

    surveyed: float = 0.25
    """of conversations by phone; half of it on written channels"""
    spoken: float = 0.06
    """of conversations by phone without a survey, the rating said at the end of the call"""
    second_agency: float = 0.14
    called_again: float = 0.10
    """customers with another engagement of the same agency after the horizon"""
    calls_per_engagement: tuple[float, ...] = (0.45, 0.32, 0.15, 0.08)
    uncontacted_payments: float = 0.25
    """payments of customers nobody called, per engagement"""
    customer_types: Mapping[CustomerType, float] = field(
        default_factory=lambda: {
            CustomerType.HOUSEHOLD: 0.78,
            CustomerType.SMALL_BUSINESS: 0.17,
            CustomerType.LARGE_COMPANY: 0.03,
            CustomerType.PUBLIC_BODY: 0.02,
        }
    )
    services: Mapping[Service, float] = field(
        default_factory=lambda: {
            Service.CREDIT_MANAGEMENT: 0.36,
            Service.DEBT_COLLECTION: 0.54,
            Service.CUSTOMER_CARE: 0.10,
        }
    )
    touchpoints: Mapping[Service, Mapping[Touchpoint, float]] = field(
        default_factory=lambda: {
            Service.CREDIT_MANAGEMENT: {
                Touchpoint.REMINDER: 0.55,
                Touchpoint.LOST_INVOICE: 0.20,
                Touchpoint.PAYMENT_PLAN: 0.20,
                Touchpoint.DISPUTE: 0.05,
            },
            Service.DEBT_COLLECTION: {
                Touchpoint.REMINDER: 0.42,
                Touchpoint.LOST_INVOICE: 0.08,
                Touchpoint.PAYMENT_PLAN: 0.24,
                Touchpoint.DISPUTE: 0.10,
                Touchpoint.LEGAL_NOTICE: 0.16,
            },
            Service.CUSTOMER_CARE: {
                Touchpoint.DISPUTE: 0.50,
                Touchpoint.LOST_INVOICE: 0.25,
                Touchpoint.SURVEY: 0.25,
            },
        }
    )
    touchpoint_pressure: Mapping[Touchpoint, float] = field(
        default_factory=lambda: {Touchpoint.LEGAL_NOTICE: 0.4, Touchpoint.SURVEY: -0.4}
    )
    channels: Mapping[Channel, float] = field(
        default_factory=lambda: {
            Channel.PHONE: 0.88,
            Channel.WHATSAPP: 0.06,
            Channel.EMAIL: 0.05,
            Channel.WEB_CHAT: 0.01,
        }
    )
    debts: Mapping[CustomerType, float] = field(
        default_factory=lambda: {
            CustomerType.HOUSEHOLD: 170.0,
            CustomerType.SMALL_BUSINESS: 620.0,
            CustomerType.LARGE_COMPANY: 3_800.0,
            CustomerType.PUBLIC_BODY: 2_400.0,
        }
    )
    """median debt in euro"""


AGENCIES = (
    Agency(
        agency_id="agenzia-aurora",
        name="Agenzia Aurora",
        share=0.31,
        operators=11,
        pressure=-1.85,
        warmth=1.0,
        churn_base=-5.6,
        payment_base=-3.6,
        breach_rate=0.001,
    ),
    Agency(
        agency_id="agenzia-bora",
        name="Agenzia Bora",
        share=0.37,
        operators=14,
        pressure=0.2,
        warmth=-0.9,
        churn_base=-6.7,
        payment_base=-2.3,
        breach_rate=0.014,
    ),
    Agency(
        agency_id="agenzia-cobalto",
        name="Agenzia Cobalto",
        share=0.32,
        operators=12,
        pressure=-0.3,
        warmth=-0.95,
        churn_base=-6.2,
        payment_base=-2.6,
        breach_rate=0.018,
        rise=Rise(day=92, pressure=2.6),
    ),
)


@dataclass(frozen=True)
class World:
    """Everything the simulation assumes."""

    client_id: str = "luce-chiara"
    agencies: tuple[Agency, ...] = AGENCIES
    spread: Spread = field(default_factory=Spread)
    behaviour: Behaviour = field(default_factory=Behaviour)
    habits: Habits = field(default_factory=Habits)


@dataclass(frozen=True)
class SimulationSettings:
    """What to simulate; equal settings give equal bytes.

    `calls` counts conversations with a transcript; the recorded calls of the demo come on top
    when `audio` is true. `duplicates` is the share of events sent twice, `late` the share that
    arrives hours or days after its time. `end` is a whole hour; no event is at or after it.
    """

    seed: int = 1
    calls: int = 20_000
    days: int = 120
    end: datetime = datetime(2026, 7, 1, tzinfo=UTC)
    duplicates: float = 0.0
    late: float = 0.0
    audio: bool = True
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        if self.end.tzinfo is None or self.end.timestamp() % 3600:
            raise ValueError("end must be a whole hour with an offset from UTC")
        if self.calls < 1 or self.days < 1:
            raise ValueError("calls and days must be at least 1")
        if not (0.0 <= self.duplicates <= 1.0 and 0.0 <= self.late <= 1.0):
            raise ValueError("duplicates and late are shares between 0 and 1")

    @property
    def end_seconds(self) -> int:
        """`end` in seconds since 1970."""
        return int(self.end.timestamp())

    @property
    def start_seconds(self) -> int:
        """Beginning of the simulated time in seconds since 1970."""
        return self.end_seconds - self.days * DAY_SECONDS
