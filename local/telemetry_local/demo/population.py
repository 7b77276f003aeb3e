"""Who there is: installations that take up releases at their own pace, and people who come, stay, leave or return."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

RELEASE_DAYS = 21
"""A release comes every three weeks."""

_SELF_HOSTED_SHARE = 0.45
_IN_BOTH_SHARE = 0.06
_PEOPLE_PER_INSTALLATION = 12
_NEVER_UPGRADES_SHARE = 0.1
_UPGRADE_DAYS = 9.0
_OLD_CLIENT_SHARE = 0.15
_WEEKEND = 0.22


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of the product, hosted or a site; `upgrade_days` is how long it waits for each release."""

    name: str
    deployment_type: str
    begins: int
    ends: int
    upgrade_days: tuple[int, ...]

    def release(self, day: int) -> int:
        """The number of the release that runs on a day, counted from the beginning."""
        released = day // RELEASE_DAYS
        return max((number for number in range(released + 1) if self._runs(number, day)), default=0)

    def _runs(self, number: int, day: int) -> bool:
        return number * RELEASE_DAYS + self.upgrade_days[number] <= day


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, where they work, and how often and how much."""

    name: str
    installations: tuple[Installation, ...]
    days: frozenset[int]
    diligence: float
    tells_sessions: bool


@dataclass(frozen=True, slots=True)
class Population:
    """All people and installations of so many days up to `last_day`; days are counted from 0."""

    installations: Sequence[Installation]
    people: Sequence[Person]
    last_day: date
    days: int

    @classmethod
    def grown(cls, random: Random, people: int, days: int, last_day: date) -> "Population":
        """Let a population grow: half of the people are there from the beginning, the others come over time."""
        first_day = last_day - timedelta(days=days - 1)
        count = max(2, round(people * _SELF_HOSTED_SHARE / _PEOPLE_PER_INSTALLATION))
        hosted = Installation("hosted", "cloud", 0, days, (0,) * (days // RELEASE_DAYS + 1))
        others = [_self_hosted(random, number, days) for number in range(count)]
        grown = [_person(random, number, hosted, others, first_day, days) for number in range(people)]
        return cls([hosted, *others], grown, last_day, days)

    def date(self, day: int) -> date:
        """The date of a day's number."""
        return self.last_day - timedelta(days=self.days - 1 - day)

    def active(self, day: int) -> list[Person]:
        """Who is active on a day."""
        return [person for person in self.people if day in person.days]

    def diligence(self) -> float:
        """How much all of them do on all their days together."""
        return sum(person.diligence * len(person.days) for person in self.people)


def _self_hosted(random: Random, number: int, days: int) -> Installation:
    begins = random.choice((0, random.randrange(days)))
    ends = days if random.random() < 0.8 else random.randrange(begins, days + 1)
    releases = days // RELEASE_DAYS + 1
    if random.random() < _NEVER_UPGRADES_SHARE:
        return Installation(f"site-{number}", "self_hosted", begins, ends, (days,) * releases)
    pace = random.expovariate(1 / _UPGRADE_DAYS)
    return Installation(f"site-{number}", "self_hosted", begins, ends, (round(pace),) * releases)


def _person(
    random: Random, number: int, hosted: Installation, others: list[Installation], first_day: date, days: int
) -> Person:
    # Few sites are large, most are small.
    site = others[int(len(others) * random.random() ** 2)]
    at_home = site if random.random() < _SELF_HOSTED_SHARE else hosted
    installations = (hosted, site) if random.random() < _IN_BOTH_SHARE else (at_home,)
    begins = max(one.begins for one in installations)
    came = begins if random.random() < 0.5 else random.randrange(begins, days)
    came = min(came + int(random.expovariate(1 / 4)), days - 1)
    return Person(
        name=f"person-{number}",
        installations=installations,
        days=frozenset(_days(random, came, min(one.ends for one in installations), first_day)),
        diligence=random.lognormvariate(0, 0.7),
        tells_sessions=random.random() >= _OLD_CLIENT_SHARE,
    )


def _days(random: Random, came: int, until: int, first_day: date) -> list[int]:
    """The days on which somebody is active: fewer with time, fewer at weekends, with a long absence for some."""
    habit = random.choice((0.05, 0.25, 0.55, 0.8))
    decay = random.choice((0.0, 0.2, 0.5))
    away = random.randrange(came, came + 120)
    absence = range(away, away + random.choice((0, 0, 0, 10, 40)))
    weekday = first_day.weekday()
    days = [came]
    for day in range(came + 1, until):
        chance = habit / (1 + (day - came)) ** decay
        if (weekday + day) % 7 >= 5:
            chance *= _WEEKEND
        if random.random() < chance and day not in absence:
            days.append(day)
    return days
