#pragma once

#include <google/protobuf/struct.pb.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::report {

struct MailItem {
  std::string student;
  google::protobuf::Struct context;
  std::string dedupe_key;  // at most one mail is ever accepted under this key
};

// Mails that are sent in one call.
struct MailBatch {
  // Repeating a request id with the same items returns the same results; other items are rejected.
  std::string request_id;
  std::vector<MailItem> items;
  std::optional<absl::Time> send_time = std::nullopt;  // absent: now
};

// Accepts mail for delivery. Thread-safe.
class Mailer {
 public:
  virtual ~Mailer() = default;

  // Returns one status per item, in order: OK when the item was accepted now or by an earlier call.
  // When the whole call fails, any item may have been accepted; the same batch may be sent again.
  virtual absl::StatusOr<std::vector<absl::Status>> SendBatch(const MailBatch& batch) = 0;
};

}  // namespace lmsmail::report
