#include "libs/http_client/base_url.h"

#include <curl/curl.h>

#include <memory>

#include "absl/status/status.h"

#include "libs/loopback/loopback.h"

namespace lmsmail::http_client {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// Empty for a part that the URL does not have.
std::string PartOf(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

absl::StatusOr<BaseUrl> ParseBaseUrl(std::string_view text) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  const bool parsed =
      curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) == CURLUE_OK;
  const std::string scheme = PartOf(url.get(), CURLUPART_SCHEME);
  if (!parsed || (scheme != "https" && scheme != "http")) {
    return absl::InvalidArgumentError("must be a URL such as https://api.provider.example");
  }
  if (scheme == "http" && !IsLoopbackHost(PartOf(url.get(), CURLUPART_HOST))) {
    return absl::InvalidArgumentError(
        "must begin with https://, because http would show the key to the network; http is allowed "
        "for loopback addresses only");
  }
  for (const CURLUPart part :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    if (PartOf(url.get(), part).empty()) continue;
    return absl::InvalidArgumentError("must not have a user name, password, query or fragment");
  }
  BaseUrl base{.url = PartOf(url.get(), CURLUPART_URL),
               .host = PartOf(url.get(), CURLUPART_HOST),
               .port = std::stoi(PartOf(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT))};
  while (base.url.ends_with('/')) base.url.pop_back();
  return base;
}

}  // namespace lmsmail::http_client
