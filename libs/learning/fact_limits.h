#pragma once

#include <cstdint>
#include <string_view>

#include "absl/time/time.h"

#include "libs/status/error_details.h"

// The limits of facts about courses and learning. The scheduler checks them when an event is
// published and the report service when it records what the event says, so that no event is
// accepted whose facts are refused later. Each function adds at most one violation of `field`.
namespace lmsmail::learning {

// LMSs write "no date" as 0.
inline bool IsNoDate(absl::Time time) { return time == absl::UnixEpoch(); }

// When something happened: from 2000 until a day after `now`, because clocks differ.
void CheckHappened(absl::Time time, absl::Time now, std::string_view field, Violations& violations);
// When a course begins for a student: from 2000 until five years after `now`.
void CheckStart(absl::Time time, absl::Time now, std::string_view field, Violations& violations);
// More than 0 and at most a day.
void CheckWatched(absl::Duration duration, std::string_view field, Violations& violations);
// Of a lesson, a quiz or an item of content.
void CheckItemId(std::string_view id, std::string_view field, Violations& violations);
// Titles and names of persons. May be empty.
void CheckTitle(std::string_view title, std::string_view field, Violations& violations);
void CheckRequiredTitle(std::string_view title, std::string_view field, Violations& violations);
// May be empty.
void CheckUrl(std::string_view url, std::string_view field, Violations& violations);
// 0: not known.
void CheckLessonCount(std::int64_t count, std::string_view field, Violations& violations);

}  // namespace lmsmail::learning
