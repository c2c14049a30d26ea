#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "lmsmail/type/v1/mail.pb.h"

namespace lmsmail::scheduler {

// What one mail to a student, or the mails of a batch, are made of.
struct MailContent {
  std::string template_name;
  lmsmail::type::v1::Lane lane = lmsmail::type::v1::LANE_UNSPECIFIED;
  google::protobuf::Struct context;
  std::string course_id;  // a label, for finding the mail again; may be empty
};

struct BatchRecipient {
  std::string student;     // recipients/{recipient}
  std::string dedupe_key;  // at most one mail is ever sent under it
};

struct BatchResult {
  int accepted = 0;  // includes duplicates
  int rejected = 0;
  std::string first_rejection;
};

// Submits mail to the service that sends it. Errors are the service's own. Thread-safe.
class MailSender {
 public:
  virtual ~MailSender() = default;

  // What Send() would answer, without sending: INVALID_ARGUMENT with the violations of
  // "context.*" that the template has.
  virtual absl::Status Validate(const std::string& request_id, const std::string& student,
                                const MailContent& content) = 0;
  // ALREADY_EXISTS when the request id was used with another body.
  virtual absl::Status Send(const std::string& request_id, const std::string& student,
                            const MailContent& content) = 0;
  virtual absl::StatusOr<BatchResult> SendBatch(const std::string& request_id,
                                                const MailContent& content,
                                                const std::vector<BatchRecipient>& recipients) = 0;
  // Cancels the mail with this request id or dedupe key. NOT_FOUND when there is none,
  // FAILED_PRECONDITION when it is too late.
  virtual absl::Status Cancel(const std::string& key) = 0;
};

}  // namespace lmsmail::scheduler
