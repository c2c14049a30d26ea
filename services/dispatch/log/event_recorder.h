#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/clock/clock.h"
#include "libs/lifecycle/periodic.h"
#include "services/dispatch/delivery/bounce_reporter.h"
#include "services/dispatch/message/recipient_check.h"
#include "services/dispatch/rendering/address_hashes.h"
#include "services/dispatch/storage/message_log.h"

namespace lmsmail::dispatch {

// The detail of a bounce at another address than the mail went to, such as one that its recipient
// forwards mail to. Nothing is suppressed for an event with such a detail.
std::string AtOtherAddress(std::string_view detail);

// Records the events that providers, mail servers and the gateway report, except opens and clicks
// of whoever does not allow that by now, withdraws the consent of who unsubscribed, and adds
// addresses that bounced or complained to the suppression list: always the address that a mail went
// to, never one that its recipient got since. Thread-safe.
class EventRecorder {
 public:
  // All must outlive this.
  EventRecorder(MessageLog& log, RecipientCheck& recipients, TrackingCheck& tracking,
                ConsentWithdrawal& consent, const AddressHashes& address_hashes,
                BounceReporter& bounces)
      : log_(log),
        recipients_(recipients),
        tracking_(tracking),
        consent_(consent),
        address_hashes_(address_hashes),
        bounces_(bounces) {}

  // Returns a transient error when some events are not recorded, or are recorded but their
  // recipient could not be looked up; repeat the call then.
  absl::StatusOr<MessageLog::EventCounts> Record(absl::Span<const ProviderEvent> events,
                                                 absl::Time deadline);

  // Starts a thread that replays the reports of the last hours until it succeeds once.
  void StartReplay(const Clock& clock);
  void Stop();

  // Reports dead addresses of the log since `since` again, because an earlier process may have
  // ended before the suppression list had its reports. Idempotent. Returns UNAVAILABLE when some
  // recipients could not be looked up; call it again then.
  absl::Status Replay(absl::Time since);

 private:
  // Removes the opens and clicks that may not be recorded, and returns how many they were. After an
  // error none may be.
  absl::StatusOr<int> LeaveOutOptedOut(std::vector<ProviderEvent>& events, absl::Time deadline);
  // Withdraws the recipient's consent to the category of the mail, unless the event was recorded
  // before: then the recipient may have subscribed again since.
  absl::Status WithdrawConsent(const ProviderEvent& event, absl::Time deadline);
  // Adds the address that the mail went to to the suppression list, if it is known.
  absl::Status Suppress(const AddressReport& report, absl::Time deadline);
  // Returns that address; empty if its recipient has another one now.
  absl::StatusOr<std::string> AddressOf(const AddressReport& report, const History& history,
                                        absl::Time deadline);

  MessageLog& log_;
  RecipientCheck& recipients_;
  TrackingCheck& tracking_;
  ConsentWithdrawal& consent_;
  const AddressHashes& address_hashes_;
  BounceReporter& bounces_;
  std::unique_ptr<lifecycle::Periodic> replay_;  // last: its thread uses the rest
};

}  // namespace lmsmail::dispatch
