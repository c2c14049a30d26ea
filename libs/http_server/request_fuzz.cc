#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libs/http_server/head_scanner.h"
#include "libs/http_server/request_parser.h"

namespace {

using lmsmail::http_server::HeadScanner;
using lmsmail::http_server::Request;
using lmsmail::http_server::RequestParser;

struct Result {
  int status = 0;
  bool done = false;
  std::string path = {};
  std::string body = {};
  bool operator==(const Result&) const = default;
};

// As a connection does it, when `step` octets arrive at a time.
Result Parse(std::string_view input, std::size_t step) {
  HeadScanner scanner;
  HeadScanner::State state = HeadScanner::State::kNeedsMore;
  std::size_t arrived = 0;
  while (state == HeadScanner::State::kNeedsMore && arrived < input.size()) {
    arrived = std::min(arrived + step, input.size());
    state = scanner.Scan(input.substr(0, arrived));
  }
  if (state != HeadScanner::State::kComplete) return {.status = 400};
  RequestParser parser;
  Result result;
  result.status = parser.PutHead(input.substr(0, scanner.size()));
  if (result.status == 0) result.status = parser.SetBodyLimit(1000);
  std::size_t used = scanner.size();
  while (result.status == 0) {
    std::size_t consumed = 0;
    result.status = parser.PutBody(input.substr(used, arrived - used), consumed);
    used += consumed;
    if (parser.done() || arrived == input.size()) break;
    arrived = std::min(arrived + step, input.size());
  }
  result.done = parser.done();
  result.path = parser.request().path;
  if (parser.request().body.size() > 1000) std::abort();
  if (result.done) result.body = parser.request().body;
  return result;
}

}  // namespace

// A request must be read the same however its octets arrive. The first octet says whether the rest
// is a whole request or a chunked body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string input;
  if (data[0] % 2 == 1) input = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  input.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Result whole = Parse(input, input.size() + 1);
  if (!(Parse(input, 1) == whole) || !(Parse(input, 7) == whole)) std::abort();
  return 0;
}
