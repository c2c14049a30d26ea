#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libs/http_server/form.h"
#include "libs/http_server/media_type.h"

// The input is a Content-Type and, after the first line break, a body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lmsmail::http_server;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\n');
  Request request;
  request.headers.Add("Content-Type", std::string(input.substr(0, end)));
  if (end != std::string_view::npos) request.body = input.substr(end + 1);
  static_cast<void>(ParseForm(request));
  static_cast<void>(ParseMultipart(request.body, "B"));
  static_cast<void>(ParseUrlEncoded(input));
  return 0;
}
