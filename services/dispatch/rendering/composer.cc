#include "services/dispatch/rendering/composer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "libs/address/email_address.h"
#include "libs/hash/sha256.h"
#include "libs/language/language_code.h"
#include "libs/mime/message.h"
#include "libs/mime/validation.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/dispatch/rendering/personal_values.h"

namespace lmsmail::dispatch {
namespace {

using render::Object;

absl::Status ParseContext(const std::string& serialized, Object& context) {
  if (!render::ParseValues(serialized, context)) {
    context.Clear();
    return absl::FailedPreconditionError("the stored context cannot be parsed");
  }
  auto& fields = *context.mutable_fields();
  fields.erase(std::remove_if(fields.begin(), fields.end(),
                              [](const render::Field& field) { return IsReserved(field.name()); }),
               fields.end());
  return absl::OkStatus();
}

// Gmail counts complaints by these parts (support.google.com/mail/answer/6254652): campaign,
// customer, type, and a constant sender id of 5 to 15 characters.
std::string FeedbackId(const Mail& mail) {
  return fmt::format("{}:{}:{}", mail.template_ref.key, NameOf(mail.template_ref.category),
                     "lmsmail");
}

std::string EnvelopeFrom(const SenderIdentity& sender, MessageId mail,
                         const address::EmailAddress& to) {
  if (sender.return_paths == nullptr) return sender.envelope_from;
  return fmt::format("{}@{}", sender.return_paths->LocalPart(mail, to), sender.bounce_domain);
}

}  // namespace

absl::Status Composer::Render(const Mail& mail, const Recipient& recipient,
                              const CompiledVersion& version) {
  arena_.Reset();
  Object& own = *google::protobuf::Arena::CreateMessage<Object>(&arena_);
  Object& provided = *google::protobuf::Arena::CreateMessage<Object>(&arena_);
  LMSMAIL_RETURN_IF_ERROR(ParseContext(mail.context, own));
  own_ = &own;
  // Mails of one batch follow each other, so the shared context is parsed once.
  if (mail.shared_context != shared_bytes_) {
    shared_bytes_.clear();
    LMSMAIL_RETURN_IF_ERROR(ParseContext(mail.shared_context, shared_));
    shared_bytes_ = mail.shared_context;
  }
  AddProvidedContext(site_, recipient, mail.target, provided);
  const Object* const scopes[] = {&own, &shared_, &provided};
  const std::string& reads =
      mail.language_code.empty() ? recipient.language_code : mail.language_code;
  const CompiledVersion::Language& language = version.LanguageFor(reads);
  render::RenderOptions options;
  // Dates in German text are German, as Austrians write them if that is who reads it.
  options.language_code = language::IsSameOrParent(language.code, reads) ? reads : language.code;
  options.time_zone = recipient.time_zone;
  options.max_output_bytes = max_bytes_;
  return renderer_.Render(language.compiled, scopes, options, rendered_);
}

absl::StatusOr<ComposedMail> Composer::Compose(const Mail& mail, const Recipient& recipient,
                                               const CompiledVersion& version,
                                               const SenderIdentity& sender,
                                               std::optional<Measured> measured) {
  if (!recipient.address) return InvalidField("to", "is not a valid email address");
  const address::EmailAddress& to = *recipient.address;
  LMSMAIL_RETURN_IF_ERROR(Render(mail, recipient, version));
  if (tracking_ != nullptr) {
    if (!measured) measured = tracking_->Allowed(mail.template_ref.category, recipient);
    tracking_urls_ = tracking_->AddTo(rendered_.html, mail.id, recipient, *measured);
  }

  const std::string message_id = message_ids_.Of(mail.id);
  const std::string_view category = NameOf(mail.template_ref.category);
  const std::string list_id = fmt::format("{}.{}", category, site_.domain);
  const std::string feedback_id = FeedbackId(mail);

  mime::Message message;
  message.from = sender.from;
  message.to = {recipient.display_name, to};
  message.reply_to = sender.reply_to;
  message.subject = rendered_.subject;
  message.date = mail.date();
  message.message_id = message_id;
  message.boundary_seed = message_id;
  message.text = rendered_.text;
  message.html = rendered_.html;
  if (!PolicyOf(mail.template_ref.category).mandatory &&
      mime::IsOneClickUri(recipient.unsubscribe_url)) {
    message.unsubscribe_url = recipient.unsubscribe_url;
  }
  message.list_id = list_id;
  message.feedback_id = feedback_id;
  message.suppress_auto_responses = true;

  ComposedMail composed;
  const auto build = sender.provider_builds ? mime::BuildHeader : mime::Build;
  LMSMAIL_RETURN_IF_ERROR(build(message, composed.message, {.message_octets = max_bytes_}));
  if (sender.signer != nullptr) {
    // Signed as of the Date header instead of now, so that every attempt has the same bytes.
    LMSMAIL_ASSIGN_OR_RETURN(const std::string signature,
                             sender.signer->Sign(composed.message, mail.date()));
    composed.message.insert(0, signature);
  }
  composed.envelope_from = EnvelopeFrom(sender, mail.id, to);
  composed.recipient = to.ToString();
  composed.content_hash = sender.provider_builds
                              ? hash::Sha256({composed.message, rendered_.text, rendered_.html})
                              : hash::Sha256({composed.message});
  composed.address_hash = address_hashes_.Of(mail.id, to);
  composed.needs_smtputf8 = to.needs_smtputf8 || sender.from.address.needs_smtputf8;
  return composed;
}

std::shared_ptr<const MailParts> Composer::PartsOfLast(const Mail& mail,
                                                       const Recipient& recipient) {
  auto parts = std::make_shared<MailParts>();
  parts->category = NameOf(mail.template_ref.category);
  parts->recipient_name = recipient.display_name;
  parts->subject = rendered_.subject;
  parts->text = std::move(rendered_.text);
  parts->html = std::move(rendered_.html);
  parts->personal_values = PersonalValues(recipient, *own_);
  AddWritten(rendered_.written, parts->personal_values);
  std::ranges::move(tracking_urls_, std::back_inserter(parts->personal_values));
  // A value that the mail before has too, such as the title of a course, is probably common.
  // Searching for it would cost more than an additional request where the guess is wrong.
  std::vector<std::string> all = parts->personal_values;
  for (std::size_t i = 0; i < std::min(all.size(), last_values_.size()); ++i) {
    if (all[i] == last_values_[i]) parts->personal_values[i].clear();
  }
  last_values_ = std::move(all);
  return parts;
}

}  // namespace lmsmail::dispatch
