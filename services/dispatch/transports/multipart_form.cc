#include "services/dispatch/transports/multipart_form.h"

#include <fmt/format.h>

#include <algorithm>

namespace lmsmail::dispatch {
namespace {

// RFC 7578 section 4.2: percent-encoding keeps quotes and line breaks of a name out of the header.
std::string Quoted(std::string_view name) {
  std::string quoted;
  for (const char c : name) {
    if (c == '"' || c == '\r' || c == '\n') {
      quoted += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted;
}

}  // namespace

MultipartForm::Encoded MultipartForm::Encode() const {
  std::string boundary = "lmsmail-form";
  const auto occurs = [&](const Part& part) {
    return part.value.find(boundary) != std::string::npos;
  };
  for (int i = 0; std::ranges::any_of(parts_, occurs); ++i) {
    boundary = fmt::format("lmsmail-form-{}", i);
  }
  std::string body;
  for (const Part& part : parts_) {
    body += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"", boundary,
                        Quoted(part.name));
    if (!part.file_name.empty()) body += fmt::format("; filename=\"{}\"", Quoted(part.file_name));
    body.append("\r\n\r\n").append(part.value).append("\r\n");
  }
  body += fmt::format("--{}--\r\n", boundary);
  return {fmt::format("multipart/form-data; boundary={}", boundary), std::move(body)};
}

}  // namespace lmsmail::dispatch
