#!/usr/bin/env python3
"""Makes weeks of study in many time zones, and says what their reports must be. Knows nothing but zoneinfo.

Prints one JSON object a line for each zone and week: the activities, the report and the mail's values.
"""
import json
import random
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = """UTC Europe/London Europe/Lisbon Europe/Berlin Europe/Helsinki Europe/Kyiv Europe/Chisinau Europe/Moscow
Atlantic/Azores Atlantic/Reykjavik Africa/Casablanca Africa/Cairo Africa/Johannesburg Asia/Beirut Asia/Gaza Asia/Tehran
Asia/Dubai Asia/Kabul Asia/Karachi Asia/Kolkata Asia/Kathmandu Asia/Almaty Asia/Yangon Asia/Shanghai Asia/Tokyo
Australia/Eucla Australia/Adelaide Australia/Lord_Howe Pacific/Auckland Pacific/Chatham Pacific/Apia
Pacific/Kiritimati Pacific/Pago_Pago America/St_Johns America/Halifax America/Havana America/New_York
America/Mexico_City America/Los_Angeles America/Vancouver America/Asuncion America/Santiago America/Nuuk""".split()
# Clocks go forward (Berlin, Beirut and, at midnight, Azores) and back (Havana at midnight); a year of 53 weeks; Samoa
# leaves out a Friday; Kazakhstan changes its offset at midnight for good.
WEEKS = [(2026, 13), (2026, 44), (2020, 53), (2011, 52), (2024, 9)]
LESSONS = {"course-a": 7, "course-b": 0, "course-c": 40}


def instants(zone, monday, source):
    """Seconds in and around the week, many of them where a day begins or ends on the zone's clock."""
    begin = datetime(monday.year, monday.month, monday.day, tzinfo=timezone.utc) - timedelta(days=2)
    for _ in range(25):
        yield int(begin.timestamp()) + source.randrange(11 * 86400)
    for day in range(8):
        second = int((begin + timedelta(days=day + 1)).timestamp())
        before = datetime.fromtimestamp(second, zone).date()
        while datetime.fromtimestamp(second, zone).date() == before:
            second += 60
        yield second - source.choice([0, 1, 60])


def activities(zone, monday, source, case):
    for number, second in enumerate(instants(zone, monday, source)):
        kind = source.choice(["lesson", "lesson", "watched", "quiz"])
        yield {"id": f"{case}-{number}", "course": source.choice(list(LESSONS)), "time": second, "kind": kind,
               "item": f"{kind}-{source.randrange(9)}", "passed": source.random() < 0.7,
               "milliseconds": source.randrange(1, 5_400_000)}


def report(zone, monday, done):
    def day_of(item):
        return (datetime.fromtimestamp(item["time"], zone).date() - monday).days

    courses = []
    for name in LESSONS:
        own = [item for item in done if item["course"] == name]
        week = [item for item in own if 0 <= day_of(item) < 7]
        if not week:
            continue
        first = {}
        for item in sorted(own, key=lambda item: item["time"]):
            if item["kind"] == "lesson":
                first.setdefault(item["item"], day_of(item))
        total = sum(day < 7 for day in first.values())
        courses.append({
            "course": name,
            "lessons_completed": sum(0 <= day < 7 for day in first.values()),
            "total_lessons_completed": total,
            "quizzes_passed": len({item["item"] for item in week if item["kind"] == "quiz" and item["passed"]}),
            "watched_milliseconds": sum(item["milliseconds"] for item in week if item["kind"] == "watched"),
            "days": sorted({day_of(item) for item in week}),
            "progress_percent": min(100, 100 * total // LESSONS[name]) if LESSONS[name] else -1})
    courses.sort(key=lambda course: (-course["lessons_completed"], -course["watched_milliseconds"],
                                     -course["quizzes_passed"], course["course"]))
    return courses


def mail(courses):
    days = {day for course in courses for day in course["days"]}
    streak = 0
    while 6 - streak in days:
        streak += 1
    values = {"lessons_completed": sum(course["lessons_completed"] for course in courses),
              "minutes_watched": sum(course["watched_milliseconds"] for course in courses) // 60000,
              "quizzes_passed": sum(course["quizzes_passed"] for course in courses)}
    if streak > 1:
        values["streak_days"] = streak
    if courses:
        values["courses"] = [
            {"title": course["course"].upper(), "url": "https://learn.example/" + course["course"],
             "lessons_completed": course["lessons_completed"],
             **({"progress_percent": course["progress_percent"]} if course["progress_percent"] >= 0 else {})}
            for course in courses]
    return values


def main():
    for year, week in WEEKS:
        monday = date.fromisocalendar(year, week, 1)
        for name in ZONES:
            zone = ZoneInfo(name)
            case = f"{year}-W{week:02}-{name.replace('/', '.')}"
            done = list(activities(zone, monday, random.Random(case), case))
            courses = report(zone, monday, done)
            print(json.dumps({"zone": name, "week": f"{year}-W{week:02}", "student": case, "activities": done,
                              "courses": courses, "mail": {"week": f"{monday}/{monday + timedelta(6)}", **mail(courses)}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
