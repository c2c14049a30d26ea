#include "services/scheduler/automations/mail_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "libs/hash/sha256.h"
#include "libs/strings/utf8.h"
#include "services/scheduler/domain/event.h"
#include "services/scheduler/domain/resource_names.h"
#include "services/scheduler/events/event_id.h"

namespace lmsmail::scheduler {
namespace {

constexpr std::size_t kHashDigits = 16;
constexpr std::size_t kLongHashDigits = 32;
// Leaves room for "/" and a student's id, or for "/page-1000000-" and a hash.
constexpr std::size_t kMaxCollectedKey = kMaxMailKey - 64;

std::string Fit(std::string key, std::size_t max) {
  if (key.size() <= max) return key;
  const std::string digest = hash::Sha256Hex(key).substr(0, kLongHashDigits);
  return fmt::format("{}~{}", TruncateUtf8(key, max - digest.size() - 1), digest);
}

std::string ShortHash(std::string_view text) {
  return hash::Sha256Hex(text).substr(0, kHashDigits);
}

}  // namespace

std::string MailKey(std::string_view automation_id, const v1::Event& event) {
  std::string prefix(automation_id);
  std::ranges::replace(prefix, '-', '_');
  const std::string event_id = PrintableEventId(event.event_id());
  const std::string student = ParseRecipientName(StudentOf(event)).value_or("");
  switch (TypeOf(event)) {
    case EventType::kStudentEnrolled:
    case EventType::kStudentUnenrolled:
      return Fit(fmt::format("{}/{}/{}/{}", prefix, CourseOf(event).course_id(), student, event_id),
                 kMaxMailKey);
    case EventType::kPaymentSucceeded:
      return Fit(fmt::format("{}/{}/{}", prefix, event.payment_succeeded().payment_id(), student),
                 kMaxMailKey);
    case EventType::kPaymentRefunded:
      return Fit(fmt::format("{}/{}/{}", prefix, event.payment_refunded().payment_id(), student),
                 kMaxMailKey);
    case EventType::kContentPublished:
      return Fit(fmt::format("{}/{}/{}", prefix, CourseOf(event).course_id(), ShortHash(event_id)),
                 kMaxCollectedKey);
    default:
      return Fit(fmt::format("{}/{}/{}", prefix, student, event_id), kMaxMailKey);
  }
}

std::string StudentKey(std::string_view mail_key, std::string_view student) {
  return fmt::format("{}/{}", mail_key, ParseRecipientName(student).value_or(""));
}

std::string PageKey(std::string_view mail_key, int page, std::string_view content) {
  return fmt::format("{}/page-{}-{}", mail_key, page, ShortHash(content));
}

}  // namespace lmsmail::scheduler
