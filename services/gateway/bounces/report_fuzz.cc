#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libs/strings/utf8.h"
#include "services/gateway/bounces/report_intake.h"
#include "services/gateway/webhooks/event_json.h"

namespace {

using namespace lmsmail::gateway;  // NOLINT: a program of its own

void Require(bool condition) {
  if (!condition) std::abort();
}

// Checks what dispatch and its database rely on.
class CheckingLog final : public EventLog {
 public:
  absl::StatusOr<Counts> Record(absl::Span<const ProviderEvent> events) override {
    Require(events.size() == 1);
    const ProviderEvent& event = events.front();
    Require(IsId(event.event_id, kMaxEventId) && event.type != EventType::kUnknown);
    Require(event.message.empty() != event.message_id.empty());
    Require(event.message_id.empty() || event.type == EventType::kComplained ||
            event.type == EventType::kUnsubscribed);
    Require(!event.at_other_address || event.type == EventType::kBounced);
    Require(event.detail.size() <= kMaxEventDetail && lmsmail::IsValidUtf8(event.detail));
    for (const char c : event.detail) Require(c < 0 || c >= ' ');
    return Counts{.recorded = 1};
  }
};

const lmsmail::return_path::ReturnPaths& Paths() {
  static const lmsmail::return_path::ReturnPaths paths(
      lmsmail::token::KeyRing::Parse("k1:" + std::string(64, 'a')).value());
  return paths;
}

}  // namespace

// The input is a message, to the return path of a mail to ada@students.example and to the address
// for complaints.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  static const std::string own =
      Paths().LocalPart(1, lmsmail::address::ParseEmailAddress("ada@students.example").value());
  const lmsmail::SystemClock clock;
  CheckingLog log;
  ReportIntake intake(Paths(), clock, log);
  for (const std::string& recipient : {own, std::string("fbl")}) {
    Require(intake.Accept(recipient, message).ok());
  }
  return 0;
}
