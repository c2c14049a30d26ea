#include "libs/render/url.h"

// Boost.URL without its library, which this file becomes a part of.
#include <boost/url/src.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"

namespace lmsmail::render {
namespace {

bool IsPlain(char c) {
  return static_cast<unsigned char>(c) < 0x80 &&
         std::string_view("[]{}|^").find(c) == std::string_view::npos;
}

// As browsers send it. Brackets around the host, of an IPv6 address, stay.
std::string PercentEncoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const std::size_t host = text.find("://");
  const bool is_address = host != std::string_view::npos && text.substr(host + 3).starts_with('[');
  const std::size_t kept = is_address ? std::min(text.find(']', host), text.size() - 1) + 1 : 0;
  std::string out(text.substr(0, kept));
  for (const char c : text.substr(kept)) {
    if (IsPlain(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return out;
}

bool HasValidPort(const boost::urls::url_view& url) {
  constexpr unsigned kMaxPort = 65535;
  unsigned port = 0;
  return url.port().empty() ||
         (absl::SimpleAtoi(absl::string_view(url.port().data(), url.port().size()), &port) &&
          port > 0 && port <= kMaxPort);
}

bool IsValid(std::string_view text) {
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed) return false;
  switch (parsed->scheme_id()) {
    case boost::urls::scheme::http:
    case boost::urls::scheme::https:
      // Boost.URL 1.81 takes what follows a port that is no number for the path.
      return !parsed->encoded_host().empty() &&
             (parsed->encoded_path().empty() || parsed->encoded_path().front() == '/') &&
             HasValidPort(*parsed);
    default:
      return boost::urls::grammar::ci_is_equal(parsed->scheme(), "mailto") &&
             !parsed->has_authority() && parsed->encoded_path().find('@') > 0 &&
             parsed->encoded_path().find('@') != boost::urls::string_view::npos;
  }
}

}  // namespace

bool IsMailUrl(std::string_view text) {
  return std::ranges::all_of(text, IsPlain) ? IsValid(text) : IsValid(PercentEncoded(text));
}

}  // namespace lmsmail::render
