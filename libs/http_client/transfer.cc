#include "libs/http_client/transfer.h"

#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "libs/strings/view.h"

namespace lmsmail::http_client {
namespace {

// Requests of 1,000 mails have some hundred KB.
constexpr long kUploadBuffer = 256 << 10;

Result::Fault FaultOf(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Result::Fault::kNameNotFound;
    case CURLE_COULDNT_CONNECT:
      return Result::Fault::kNotConnected;
    case CURLE_OPERATION_TIMEDOUT:
      return Result::Fault::kTimedOut;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return Result::Fault::kCertificate;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
      return Result::Fault::kTls;
    default:
      return Result::Fault::kOther;
  }
}

}  // namespace

Transfer::Transfer(Request request, Client::Done done, const Options& options)
    : request_(std::move(request)),
      done_(std::move(done)),
      options_(options),
      easy_(curl_easy_init()) {
  if (easy_ != nullptr) SetUp();
}

Transfer& Transfer::Of(CURL* easy) {
  void* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *static_cast<Transfer*>(self);
}

void Transfer::SetUp() {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // libcurl reads HTTPS_PROXY otherwise
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(options_.connect_timeout)));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(request_.timeout)));

  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (request_.body.empty()) {
    curl_easy_setopt(easy, request_.method == "HEAD" ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
    // Without a seek function, so that libcurl can't send the body again.
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, ReadBody);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
  }
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, WriteBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, WriteHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  AddHeaders();
}

void Transfer::AddHeaders() {
  // No "Expect: 100-continue", which costs a round trip.
  headers_.reset(curl_slist_append(nullptr, "Expect:"));
  for (const auto& [name, value] : request_.headers) {
    const std::string line = absl::StrCat(name, ": ", value);
    curl_slist* const appended = curl_slist_append(headers_.get(), line.c_str());
    if (appended == nullptr) continue;
    static_cast<void>(headers_.release());
    headers_.reset(appended);
  }
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
}

std::size_t Transfer::ReadBody(char* buffer, std::size_t size, std::size_t count, void* self) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  const std::string& body = transfer.request_.body;
  const std::size_t octets = body.copy(buffer, size * count, transfer.sent_);
  transfer.sent_ += octets;
  return octets;
}

std::size_t Transfer::WriteBody(const char* data, std::size_t size, std::size_t count, void* self) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  const std::size_t octets = size * count;
  std::string& body = transfer.response_.body;
  if (octets > transfer.options_.max_response_bytes - body.size()) return 0;
  body.append(data, octets);
  return octets;
}

std::size_t Transfer::WriteHeader(const char* data, std::size_t size, std::size_t count,
                                  void* self) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  const std::size_t octets = size * count;
  const std::string_view line(data, octets);
  if (line.starts_with("HTTP/")) {
    transfer.response_.headers.clear();  // those of an interim response
    return octets;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return octets;
  const auto value = absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1)));
  transfer.response_.headers.emplace_back(line.substr(0, colon), std::string(value));
  return octets;
}

bool Transfer::Transmitted() const {
  if (easy_ == nullptr) return false;
  long head = 0;  // octets of the request line and the headers that were sent
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &head);
  return head > 0 && sent_ == request_.body.size();
}

Result Transfer::Unfinished(Result::Kind if_not_sent, CURLcode code) const {
  return {.kind = Transmitted() ? Result::Kind::kUnanswered : if_not_sent,
          .fault = FaultOf(code),
          .error = error_[0] != '\0' ? error_ : curl_easy_strerror(code)};
}

void Transfer::Finish(CURLcode code) {
  if (code != CURLE_OK) return done_(Unfinished(Result::Kind::kNotSent, code));
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  done_({.kind = Result::Kind::kAnswered, .response = std::move(response_)});
}

void Transfer::Cancel() { done_(Unfinished(Result::Kind::kCancelled, CURLE_ABORTED_BY_CALLBACK)); }

}  // namespace lmsmail::http_client
