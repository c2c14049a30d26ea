#include "tests/fakes/sendgrid_mails.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "libs/hash/sha256.h"
#include "tests/fakes/substitution.h"

namespace lmsmail::fakes {
namespace {

using nlohmann::json;

const std::string& TextOf(const json& object, const char* key) {
  static const std::string kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : found->get_ref<const std::string&>();
}

// A member that is an object, of the request and of the personalization, which wins.
json Merged(const json& request, const json& personalization, const char* key) {
  json merged = json::object();
  if (request.contains(key)) merged = request[key];
  if (personalization.contains(key)) merged.update(personalization[key]);
  return merged;
}

// Renders the content, and keeps what it has found for the next personalization.
class Renderer {
 public:
  explicit Renderer(const json& request)
      : text_(ContentOf(request, "text/plain")), html_(ContentOf(request, "text/html")) {}

  void Use(const json& substitutions) {
    std::vector<std::string> tags;
    values_.clear();
    for (const auto& [tag, value] : substitutions.items()) {
      tags.push_back(tag);
      values_.push_back(value.get_ref<const std::string&>());
    }
    if (text_parts_ && tags == tags_) return;
    tags_ = std::move(tags);
    text_parts_.emplace(text_, tags_);
    html_parts_.emplace(html_, tags_);
  }

  std::string Text() const { return text_parts_->Apply(values_); }
  std::string Html() const { return html_parts_->Apply(values_); }
  std::string Subject(const std::string& subject) const {
    return Substitution(subject, tags_).Apply(values_);
  }

 private:
  static std::string ContentOf(const json& request, std::string_view type) {
    if (!request.contains("content")) return "";
    for (const json& part : request["content"]) {
      if (TextOf(part, "type") == type) return TextOf(part, "value");
    }
    return "";
  }

  const std::string text_;
  const std::string html_;
  std::vector<std::string> tags_;
  std::vector<std::string_view> values_;
  std::optional<Substitution> text_parts_;
  std::optional<Substitution> html_parts_;
};

// The mail of a personalization, without its recipient.
Mail MailOf(const json& request, const json& one, Renderer& renderer, Detail detail) {
  static const json kNone = json::object();
  const auto substitutions = one.find("substitutions");
  renderer.Use(substitutions == one.end() ? kNone : *substitutions);
  const std::string text = renderer.Text();
  const std::string html = renderer.Html();
  Mail mail;
  mail.subject = renderer.Subject(TextOf(one.contains("subject") ? one : request, "subject"));
  mail.headers = Merged(request, one, "headers");
  mail.sha256 = hash::Sha256Hex(text + html);
  mail.visible_recipients = 0;
  for (const char* const key : {"to", "cc"}) {
    if (one.contains(key)) mail.visible_recipients += static_cast<std::int64_t>(one[key].size());
  }
  if (detail == Detail::kContent) mail.content = {{"text", text}, {"html", html}};
  return mail;
}

}  // namespace

std::vector<Mail> SendGridMails(const json& request, std::string_view provider_id,
                                const std::string& id_argument, Detail detail) {
  std::vector<Mail> mails;
  Renderer renderer(request);
  for (const json& one : request["personalizations"]) {
    Mail mail;
    if (detail != Detail::kCount) mail = MailOf(request, one, renderer, detail);
    mail.id = TextOf(Merged(request, one, "custom_args"), id_argument.c_str());
    mail.provider_id = provider_id;
    for (const char* const key : {"to", "cc", "bcc"}) {
      if (!one.contains(key)) continue;
      for (const json& recipient : one[key]) {
        mail.recipient = TextOf(recipient, "email");
        mails.push_back(mail);
      }
    }
  }
  return mails;
}

}  // namespace lmsmail::fakes
