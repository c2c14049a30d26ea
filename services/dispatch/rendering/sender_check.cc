#include "services/dispatch/rendering/sender_check.h"

#include <fmt/format.h>

#include <string>

#include "libs/mime/message.h"
#include "libs/smtp/envelope.h"
#include "libs/status/error_details.h"

namespace lmsmail::dispatch {
namespace {

// What determines a field of the message.
std::string_view SourceOf(std::string_view field) {
  if (field.starts_with("from.display_name")) return "from_name";
  if (field.starts_with("from")) return "from";
  if (field.starts_with("reply_to")) return "reply_to";
  if (field == "message_id" || field == "list_id") return "message_id_domain";
  return field;
}

void AddMessageViolations(const SenderIdentity& sender, const MessageIdHeader& message_ids,
                          std::string_view domain, Violations& violations) {
  const std::string message_id = message_ids.Of(1);
  const std::string list_id = fmt::format("transactional.{}", domain);
  mime::Message message;
  message.from = sender.from;
  message.to = {"", {.local = "somebody", .domain = "students.example"}};
  message.reply_to = sender.reply_to;
  message.subject = "Test";
  message.date = absl::UnixEpoch();
  message.message_id = message_id;
  message.boundary_seed = message_id;
  message.text = "Test";
  message.list_id = list_id;
  std::string built;
  const absl::Status status = mime::Build(message, built);
  for (const FieldViolation& it : ViolationsOf(status)) {
    violations.Add(std::string(SourceOf(it.field)), it.description);
  }
  if (!status.ok() || sender.signer == nullptr) return;
  const auto signature = sender.signer->Sign(built, absl::UnixEpoch());
  if (!signature.ok()) violations.Add("dkim.domain", std::string(signature.status().message()));
}

}  // namespace

absl::Status CheckSender(const SenderIdentity& sender, const MessageIdHeader& message_ids,
                         std::string_view domain) {
  Violations violations;
  AddMessageViolations(sender, message_ids, domain, violations);
  for (const FieldViolation& it :
       ViolationsOf(smtp::CheckEnvelopeAddress("envelope_from", sender.envelope_from))) {
    violations.Add(it.field, it.description);
  }
  return violations.ToStatus();
}

}  // namespace lmsmail::dispatch
