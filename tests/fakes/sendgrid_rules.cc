#include "tests/fakes/sendgrid_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

#include "libs/address/email_address.h"
#include "libs/strings/view.h"
#include "tests/fakes/json_shape.h"

namespace lmsmail::fakes {
namespace {

using nlohmann::json;

constexpr size_t kMaxPersonalizations = 1000;
constexpr size_t kMaxRecipients = 1000;
constexpr size_t kMaxArgumentOctets = 10'000;
constexpr absl::Duration kMaxAhead = absl::Hours(72);

class Checker {
 public:
  Checker(const json& mail, absl::Time now) : mail_(mail), now_(now) {}

  std::vector<SendGridError> Check() {
    if (!mail_.is_object()) {
      BadRequest();
      return std::move(errors_);
    }
    AllowKeys(mail_, "",
              {"personalizations", "from", "reply_to", "reply_to_list", "subject", "content",
               "attachments", "template_id", "headers", "categories", "custom_args", "send_at",
               "batch_id", "asm", "ip_pool_name", "mail_settings", "tracking_settings"});
    CheckPersonalizations();
    CheckSender();
    CheckSubject();
    CheckContent();
    CheckAttachments();
    CheckHeaders(mail_, "");
    CheckCategories();
    CheckStringMap(mail_, "custom_args", "");
    CheckSendAt(mail_, "");
    CheckSettings();
    return std::move(errors_);
  }

 private:
  void Error(std::string field, std::string message) {
    errors_.push_back({.message = std::move(message), .field = std::move(field)});
  }
  // What the API says of values that it cannot even decode.
  void BadRequest() { Error("", "Bad Request"); }

  // The member, or null with an error if its type is wrong, or null if there is none.
  const json* Find(const json& object, const char* key, json::value_t type,
                   const std::string& prefix) {
    const auto found = object.find(key);
    if (found == object.end()) return nullptr;
    if (HasType(*found, type)) return &*found;
    Error(prefix + key,
          fmt::format("Invalid type. Expected: {}, given: {}.", NameOfType(type), NameOf(*found)));
    return nullptr;
  }
  // As Find, for strings that must not be empty.
  const json* FindText(const json& object, const char* key, const std::string& prefix) {
    const json* const text = Find(object, key, json::value_t::string, prefix);
    if (text != nullptr && text->get_ref<const std::string&>().empty()) {
      Error(prefix + key,
            fmt::format("The {} must be a string at least one character in length.", key));
    }
    return text;
  }

  void AllowKeys(const json& object, const std::string& prefix,
                 std::initializer_list<std::string_view> allowed) {
    for (const auto& [key, value] : object.items()) {
      if (std::ranges::find(allowed, key) == allowed.end()) {
        Error(prefix + key, fmt::format("Additional property {} is not allowed", key));
      }
    }
  }

  // Returns whether it is an address object with a valid address.
  bool CheckAddress(const json& value, const std::string& field) {
    if (!value.is_object()) {
      Error(field, fmt::format("Invalid type. Expected: object, given: {}.", NameOf(value)));
      return false;
    }
    AllowKeys(value, field + ".", {"email", "name"});
    Find(value, "name", json::value_t::string, field + ".");
    const json* const email = Find(value, "email", json::value_t::string, field + ".");
    if (email != nullptr && address::ParseEmailAddress(email->get_ref<const std::string&>()).ok()) {
      return true;
    }
    Error(field + ".email", "Does not contain a valid address.");
    return false;
  }

  void CheckPersonalizations() {
    const json* const all = Find(mail_, "personalizations", json::value_t::array, "");
    if (all == nullptr || all->empty()) {
      return Error("personalizations", "You must have at least one personalization.");
    }
    if (all->size() > kMaxPersonalizations) {
      return Error("personalizations",
                   fmt::format("The personalization block is limited to 1000 personalizations per "
                               "API request. You have provided {} personalizations. Please "
                               "consider splitting this into multiple requests and resending your "
                               "request.",
                               all->size()));
    }
    for (size_t i = 0; i < all->size(); ++i) {
      const std::string field = fmt::format("personalizations.{}", i);
      if ((*all)[i].is_object()) {
        CheckPersonalization((*all)[i], field + ".");
      } else {
        Error(field, "Invalid type. Expected: object.");
      }
    }
    if (recipients_ > kMaxRecipients) {
      Error("personalizations",
            "There is a limit of 1000 total recipients (to + cc + bcc) per request.");
    }
  }

  void CheckPersonalization(const json& one, const std::string& prefix) {
    AllowKeys(one, prefix,
              {"to", "cc", "bcc", "from", "subject", "headers", "substitutions",
               "dynamic_template_data", "custom_args", "send_at"});
    const json* const to = Find(one, "to", json::value_t::array, prefix);
    if (to == nullptr || to->empty()) {
      Error(prefix + "to",
            "The to array is required for all personalization objects, and must have at least one "
            "email object with a valid email address.");
    }
    for (const char* const key : {"to", "cc", "bcc"}) CheckRecipients(one, key, prefix);
    if (one.contains("from")) CheckAddress(one["from"], prefix + "from");
    if (FindText(one, "subject", prefix) == nullptr) every_subject_ = false;
    CheckHeaders(one, prefix);
    CheckStringMap(one, "custom_args", prefix);
    CheckStringMap(one, "substitutions", prefix);
    CheckSendAt(one, prefix);
  }

  void CheckRecipients(const json& one, const char* key, const std::string& prefix) {
    const json* const list = Find(one, key, json::value_t::array, prefix);
    if (list == nullptr) return;
    for (size_t i = 0; i < list->size(); ++i) {
      ++recipients_;
      if (!CheckAddress((*list)[i], fmt::format("{}{}.{}", prefix, key, i))) continue;
      const auto& email = (*list)[i]["email"].get_ref<const std::string&>();
      if (!addresses_.insert(absl::AsciiStrToLower(email)).second) {
        Error(prefix + key,
              fmt::format("Each unique email address in the personalizations array should only be "
                          "included once. You have included {} more than once.",
                          email));
      }
    }
  }

  void CheckSender() {
    if (mail_.contains("from")) {
      CheckAddress(mail_["from"], "from");
    } else {
      Error("from",
            "The from object must be provided for every email send. It is an object that requires "
            "the email parameter, but may also contain a name parameter.");
    }
    if (mail_.contains("reply_to")) CheckAddress(mail_["reply_to"], "reply_to");
    const json* const list = Find(mail_, "reply_to_list", json::value_t::array, "");
    if (list == nullptr) return;
    if (mail_.contains("reply_to")) {
      Error("reply_to_list", "reply_to and reply_to_list cannot be used together.");
    }
    if (list->size() > 1000) Error("reply_to_list", "There is a limit of 1000 addresses.");
    for (const json& each : *list) CheckAddress(each, "reply_to_list");
  }

  void CheckSubject() {
    const json* const subject = FindText(mail_, "subject", "");
    FindText(mail_, "template_id", "");
    if (subject == nullptr && !every_subject_ && !mail_.contains("template_id")) {
      Error("subject",
            "The subject is required. You can get around this requirement if you use a template "
            "with a subject defined or if every personalization has a subject defined.");
    }
  }

  void CheckContent() {
    const json* const content = Find(mail_, "content", json::value_t::array, "");
    if (content == nullptr || content->empty()) {
      if (mail_.contains("template_id")) return;
      return Error("content",
                   "Unless a valid template_id is provided, the content parameter is required. "
                   "There must be at least one defined content block.");
    }
    // text/plain, text/html, then any other; each type once.
    int last_rank = -1;
    for (size_t i = 0; i < content->size(); ++i) {
      const std::string field = fmt::format("content.{}", i);
      const json& part = (*content)[i];
      if (!part.is_object()) {
        Error(field, "Invalid type. Expected: object.");
        continue;
      }
      AllowKeys(part, field + ".", {"type", "value"});
      const json* const type = FindText(part, "type", field + ".");
      const json* const value = FindText(part, "value", field + ".");
      if (type == nullptr || value == nullptr) {
        Error(field, "The content type and value are required.");
        continue;
      }
      const auto& name = type->get_ref<const std::string&>();
      if (name.find_first_of(";\r\n") != std::string::npos) {
        Error(field + ".type", "The content type cannot contain ';', spaces, or CRLF characters.");
      }
      const int rank = name == "text/plain" ? 0 : name == "text/html" ? 1 : 2;
      if (rank < last_rank || (rank == last_rank && rank < 2)) {
        Error("content",
              "If present, text/plain and text/html may only be provided once, and must be the "
              "first and second content, in that order.");
      }
      last_rank = std::max(last_rank, rank);
    }
  }

  void CheckAttachments() {
    const json* const all = Find(mail_, "attachments", json::value_t::array, "");
    if (all == nullptr) return;
    for (size_t i = 0; i < all->size(); ++i) {
      const std::string field = fmt::format("attachments.{}", i);
      const json& one = (*all)[i];
      if (!one.is_object()) {
        Error(field, "Invalid type. Expected: object.");
        continue;
      }
      AllowKeys(one, field + ".", {"content", "type", "filename", "disposition", "content_id"});
      for (const char* const key : {"type", "disposition", "content_id"}) {
        FindText(one, key, field + ".");
      }
      const json* const content = FindText(one, "content", field + ".");
      std::string decoded;
      if (content == nullptr ||
          !absl::Base64Unescape(content->get_ref<const std::string&>(), &decoded)) {
        Error(field + ".content", "The attachment content must be base64 encoded.");
      }
      if (FindText(one, "filename", field + ".") == nullptr) {
        Error(field + ".filename", "The attachment filename is required.");
      }
    }
  }

  void CheckHeaders(const json& object, const std::string& prefix) {
    static constexpr std::string_view kReserved[] = {"x-sg-id",      "x-sg-eid",
                                                     "received",     "dkim-signature",
                                                     "content-type", "content-transfer-encoding",
                                                     "to",           "from",
                                                     "subject",      "reply-to",
                                                     "cc",           "bcc"};
    const json* const headers = Find(object, "headers", json::value_t::object, prefix);
    if (headers == nullptr) return;
    for (const auto& [name, value] : headers->items()) {
      if (!value.is_string()) return BadRequest();
      if (name.empty() ||
          !std::ranges::all_of(name, [](char c) { return c > ' ' && c < 127 && c != ':'; })) {
        Error(prefix + "headers", "The headers must be one or more ASCII characters.");
      } else if (std::ranges::find(kReserved, std::string_view(absl::AsciiStrToLower(name))) !=
                 std::end(kReserved)) {
        Error(prefix + "headers",
              fmt::format("The header {} is a reserved header and cannot be set.", name));
      }
    }
  }

  void CheckStringMap(const json& object, const char* key, const std::string& prefix) {
    const json* const map = Find(object, key, json::value_t::object, prefix);
    if (map == nullptr) return;
    size_t octets = 0;
    for (const auto& [name, value] : map->items()) {
      if (!value.is_string()) return BadRequest();
      octets += name.size() + value.get_ref<const std::string&>().size();
    }
    if (octets > kMaxArgumentOctets) {
      Error(prefix + key, fmt::format("The total size of {} must not exceed 10000 bytes.", key));
    }
  }

  void CheckCategories() {
    const json* const all = Find(mail_, "categories", json::value_t::array, "");
    if (all == nullptr) return;
    if (all->size() > 10) Error("categories", "You cannot have more than 10 categories.");
    absl::flat_hash_set<std::string> seen;
    for (const json& one : *all) {
      if (!one.is_string() || one.get_ref<const std::string&>().empty()) {
        Error("categories", "A category must be a string at least one character in length.");
      } else if (one.get_ref<const std::string&>().size() > 255) {
        Error("categories", "The category name cannot exceed 255 characters.");
      } else if (!seen.insert(one.get<std::string>()).second) {
        Error("categories", "You cannot have more than one of the same category.");
      }
    }
  }

  void CheckSendAt(const json& object, const std::string& prefix) {
    const json* const time = Find(object, "send_at", json::value_t::number_integer, prefix);
    if (time == nullptr) return;
    if (absl::FromUnixSeconds(time->get<std::int64_t>()) > now_ + kMaxAhead) {
      Error(prefix + "send_at", "Scheduling more than 72 hours in advance is forbidden.");
    }
  }

  void CheckSettings() {
    FindText(mail_, "batch_id", "");
    if (const json* const pool = FindText(mail_, "ip_pool_name", "")) {
      const size_t size = pool->get_ref<const std::string&>().size();
      if (size < 2 || size > 64) {
        Error("ip_pool_name", "The ip_pool_name must be between 2 and 64 characters.");
      }
    }
    if (const json* const group = Find(mail_, "asm", json::value_t::object, "")) {
      AllowKeys(*group, "asm.", {"group_id", "groups_to_display"});
      if (Find(*group, "group_id", json::value_t::number_integer, "asm.") == nullptr) {
        Error("asm.group_id", "The asm.group_id is required.");
      }
      const json* const shown = Find(*group, "groups_to_display", json::value_t::array, "asm.");
      if (shown != nullptr && shown->size() > 25) {
        Error("asm.groups_to_display", "You cannot display more than 25 groups.");
      }
    }
    CheckSwitches("mail_settings",
                  {"bypass_list_management", "bypass_spam_management", "bypass_bounce_management",
                   "bypass_unsubscribe_management", "footer", "sandbox_mode"});
    CheckSwitches("tracking_settings",
                  {"click_tracking", "open_tracking", "subscription_tracking", "ganalytics"});
  }

  // Settings are objects with a member `enable`, and texts.
  void CheckSwitches(const char* key, std::initializer_list<std::string_view> allowed) {
    const json* const all = Find(mail_, key, json::value_t::object, "");
    if (all == nullptr) return;
    AllowKeys(*all, std::string(key) + ".", allowed);
    for (const auto& [name, setting] : all->items()) {
      const std::string prefix = fmt::format("{}.{}.", key, name);
      if (!setting.is_object()) {
        Error(fmt::format("{}.{}", key, name), "Invalid type. Expected: object.");
        continue;
      }
      Find(setting, "enable", json::value_t::boolean, prefix);
      Find(setting, "enable_text", json::value_t::boolean, prefix);
    }
  }

  const json& mail_;
  const absl::Time now_;
  std::vector<SendGridError> errors_;
  absl::flat_hash_set<std::string> addresses_;  // in lower case
  size_t recipients_ = 0;
  bool every_subject_ = true;  // whether every personalization has one
};

}  // namespace

std::vector<SendGridError> CheckSendGridMail(const json& mail, absl::Time now) {
  return Checker(mail, now).Check();
}

}  // namespace lmsmail::fakes
