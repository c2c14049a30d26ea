#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "libs/telemetry/field.h"
#include "libs/telemetry/logging.h"

// Formats one event as one line, without the newline. Texts are cut after 2 KiB. Characters that
// control a terminal, change the direction of text or have no width are escaped in both formats.
namespace lmsmail::telemetry {

std::string FormatJson(absl::Time time, Level level, std::string_view service,
                       std::string_view message, std::span<const Field> fields);

// "2026-01-31T09:00:00.000Z INFO batch sent lane=bulk reason=\"two words\""
std::string FormatText(absl::Time time, Level level, std::string_view message,
                       std::span<const Field> fields);

// RFC 3339, UTC, milliseconds.
std::string FormatTimestamp(absl::Time time);

// As in the text format, unquoted.
std::string FormatValue(const FieldValue& value);

// Whether this process logs JSON, which InitLogging() decides.
bool LogsAreJson();

}  // namespace lmsmail::telemetry
