#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lmsmail/dispatch/v1/dispatch_service.pb.h"

namespace lmsmail::bench {

struct SentMail {
  std::string id;          // in its resource name
  std::string message_id;  // its header
};

// Reads lines "<id> <message_id>".
absl::StatusOr<std::vector<SentMail>> ReadMails(const std::string& path);

// What happens to mails: each is delivered, every other one is opened, and a link of every tenth is
// followed, in requests of up to `size` events.
std::vector<dispatch::v1::RecordEventsRequest> EventsOf(const std::vector<SentMail>& mails,
                                                        int size);

// The same as the body of a webhook of SendGrid.
std::string ToSendgrid(const dispatch::v1::RecordEventsRequest& events);

}  // namespace lmsmail::bench
