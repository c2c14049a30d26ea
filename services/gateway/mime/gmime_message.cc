#include "services/gateway/mime/gmime_message.h"

#include <string>

#include "absl/strings/ascii.h"

#include "libs/strings/view.h"

namespace lmsmail::gateway {
namespace {

// Parts are limited by what each needs: a level of nesting has a Content-Type, and each part begins
// with a line that begins with "--". A report has four of each, and the mail that it returns some
// more.
constexpr int kMaxContentTypes = 100;
constexpr int kMaxDashLines = 1000;

struct FreeOptions {
  void operator()(GMimeParserOptions* options) const { g_mime_parser_options_free(options); }
};

void InitializeGMime() {
  static const bool done = [] {
    g_mime_init();
    return true;
  }();
  (void)done;
}

bool HasMoreThan(int count, std::string_view mark, std::string_view text) {
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string_view::npos; ++at) {
    if (--count < 0) return true;
  }
  return false;
}

bool HasTooManyParts(std::string_view message) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(message));
  return HasMoreThan(kMaxContentTypes, "content-type", lower) ||
         HasMoreThan(kMaxDashLines, "\n--", lower);
}

}  // namespace

OwnedGObject<GMimeMessage> ParseGMimeMessage(std::string_view message) {
  InitializeGMime();
  if (message.empty() || HasTooManyParts(message)) return nullptr;
  const OwnedGObject<GMimeStream> stream(
      g_mime_stream_mem_new_with_buffer(message.data(), message.size()));
  const OwnedGObject<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  // Without it, contents are parts of the stream.
  g_mime_parser_set_persist_stream(parser.get(), FALSE);
  const std::unique_ptr<GMimeParserOptions, FreeOptions> options(g_mime_parser_options_new());
  return OwnedGObject<GMimeMessage>(g_mime_parser_construct_message(parser.get(), options.get()));
}

}  // namespace lmsmail::gateway
