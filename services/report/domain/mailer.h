#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::report {

struct MailItem {
  std::string student;
  google::protobuf::Struct context;
  std::string dedupe_key;  // at most one mail is ever accepted under it
};

// Mails that are handed over together.
struct Mailing {
  std::string request_id;  // the same body under it is answered again, another is refused
  std::vector<MailItem> items;
};

// Hands mail to whoever sends it. Thread-safe.
class Mailer {
 public:
  virtual ~Mailer() = default;

  // One status an item, in order: OK when it was accepted now or earlier. An error of the whole
  // call says nothing about the items; the same mailing may be handed over again.
  virtual absl::StatusOr<std::vector<absl::Status>> HandOver(const Mailing& mailing) = 0;
};

}  // namespace lmsmail::report
