#include "libs/service/school_config.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"

#include "libs/address/email_address.h"
#include "libs/language/language_code.h"
#include "libs/time_zone/time_zone.h"

namespace lmsmail::service {
namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";

// The host of an http or https URL, without its port; empty for any other text.
std::string_view HostOf(std::string_view url) {
  if (!url.starts_with(kHttps) && !url.starts_with(kHttp)) return "";
  url.remove_prefix(url.find("//") + 2);
  return url.substr(0, url.find_first_of(":/"));
}

// The hosts whose links may be http, as in mime::IsOneClickUri.
bool IsLoopback(std::string_view host) { return host == "127.0.0.1" || host == "localhost"; }

bool IsPlainUrl(std::string_view url) {
  return std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; }) &&
         url.find_first_of("<>\"") == std::string_view::npos;
}

bool IsColor(std::string_view text) {
  return text.size() == 7 && text.front() == '#' &&
         std::ranges::all_of(text.substr(1), absl::ascii_isxdigit);
}

// A URL that links begin with.
bool IsBaseUrl(std::string_view url) {
  return !HostOf(url).empty() && url.back() != '/' && IsPlainUrl(url) &&
         url.find_first_of("?#<>\"@\\,") == std::string_view::npos;
}

}  // namespace

void SchoolConfig::Declare(config::Group keys) {
  keys.String("name", &name, "The school's name, {{site_name}} in templates.");
  keys.String("url", &url, "The school's website, {{site_url}} in templates.");
  keys.String(
      "public_url", &public_url,
      "Public URL of the gateway, which the links in mail begin with. Must be https, except "
      "on 127.0.0.1 and localhost.");
  keys.String("postal_address", &postal_address,
              "{{postal_address}} in templates; many countries require it in mail.");
  keys.String("logo_url", &logo_url,
              "URL of the school's logo, {{site_logo_url}} in templates; mail shows it 40 pixels "
              "high.");
  keys.String("color", &color,
              "Color of links and buttons in mail, {{site_color}} in templates; white text must be "
              "readable on it.");
  keys.String("reply_to", &reply_to,
              "Address for replies, of transports without a reply_to of their own; empty: From.");
  keys.String("support_address", &support_address,
              "Email address for questions, {{support_address}} in templates.");
  keys.String("language_code", &language_code,
              "Language (BCP 47) of recipients who have none of their own.");
  keys.String("time_zone", &time_zone,
              "IANA time zone of the school's weeks and schedules, and of recipients who have none "
              "of their own.");
}

void SchoolConfig::Check(Violations& violations) const {
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    violations.Add("school.url", "must begin with https:// or http://");
  }
  if (!IsBaseUrl(public_url)) {
    violations.Add("school.public_url",
                   "must be an https URL without a trailing slash, such as "
                   "https://mail.school.example");
  } else if (!public_url.starts_with(kHttps) && !HasLocalLinks()) {
    violations.Add("school.public_url",
                   "must begin with https://, without which mail programs offer no unsubscribe "
                   "button; only 127.0.0.1 and localhost may have http://");
  }
  if (!logo_url.empty() && (!IsPlainUrl(logo_url) || HostOf(logo_url).empty())) {
    violations.Add("school.logo_url", "must be a URL such as https://school.example/logo.png");
  }
  if (!IsColor(color)) {
    violations.Add("school.color", "must be a color of six hexadecimal digits such as #0b6b61");
  }
  for (const auto& [field, text] : {std::pair("school.reply_to", &reply_to),
                                    std::pair("school.support_address", &support_address)}) {
    if (!text->empty() && !address::ParseEmailAddress(*text).ok()) {
      violations.Add(field, "must be an email address such as help@school.example");
    }
  }
  if (!language::IsLanguageCode(language_code)) {
    violations.Add("school.language_code", "must be a BCP 47 language such as en or pt-BR");
  }
  if (!lmsmail::time_zone::IsValid(time_zone)) {
    violations.Add("school.time_zone", "must be a zone of the IANA database such as Europe/Berlin");
  }
}

bool SchoolConfig::HasLocalLinks() const { return IsLoopback(HostOf(public_url)); }

}  // namespace lmsmail::service
