#include "libs/telemetry/field.h"

#include "libs/telemetry/log_format.h"

namespace lmsmail::telemetry {

FieldValue::FieldValue(absl::Time value) : value_(FormatTimestamp(value)) {}

}  // namespace lmsmail::telemetry
