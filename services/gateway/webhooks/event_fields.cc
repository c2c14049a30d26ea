#include "services/gateway/webhooks/event_fields.h"

#include <fmt/format.h>

#include "absl/strings/ascii.h"

#include "services/gateway/webhooks/event_json.h"

namespace lmsmail::gateway {
namespace {

constexpr std::size_t kMaxMessageId = 500;
constexpr std::string_view kDigits = "0123456789";

}  // namespace

std::string Lower(std::string text) {
  absl::AsciiStrToLower(&text);
  return text;
}

bool ReadMessageId(const nlohmann::json& variables, ProviderEvent& event) {
  const nlohmann::json& id = Member(variables, "lms_message_id");
  if (id.is_null()) return true;
  if (!id.is_string() || !IsId(id.get_ref<const std::string&>(), kMaxMessageId)) return false;
  event.message_id = id.get<std::string>();
  return true;
}

std::string WithEnhancedCode(std::string_view reply, std::string_view enhanced_code) {
  if (enhanced_code.empty() || reply.find(enhanced_code) != std::string_view::npos) {
    return std::string(reply);
  }
  // A reply code has three digits.
  const std::size_t code = std::min(reply.find_first_not_of(kDigits), reply.size());
  if (code != 3) return fmt::format("{} {}", enhanced_code, reply);
  std::string_view text = reply.substr(code);
  text.remove_prefix(std::min(text.find_first_not_of(" -"), text.size()));
  return fmt::format("{} {} {}", reply.substr(0, code), enhanced_code, text);
}

std::string SiteOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  const std::string_view rest = url.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#\\"));
  // What precedes "@" are credentials.
  const std::size_t at = authority.rfind('@');
  return fmt::format("{}://{}", url.substr(0, scheme),
                     at == std::string_view::npos ? authority : authority.substr(at + 1));
}

}  // namespace lmsmail::gateway
