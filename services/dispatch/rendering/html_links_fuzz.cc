#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libs/tracking/links.h"
#include "services/dispatch/rendering/html_links.h"

// Any text may be scanned. What is found lies in the text in order and is a target; replaced by
// other links, the same ones are found again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view html(reinterpret_cast<const char*>(data), size);
  const lmsmail::dispatch::HtmlScan scan = lmsmail::dispatch::ScanHtml(html);
  if (scan.body && *scan.body > html.size()) std::abort();
  std::string replaced;
  std::size_t copied = 0;
  for (const lmsmail::dispatch::HtmlLink& link : scan.links) {
    if (link.begin < copied || link.end < link.begin || link.end > html.size()) std::abort();
    if (!lmsmail::tracking::IsTarget(link.target)) std::abort();
    replaced += html.substr(copied, link.begin - copied);
    replaced += "https://mail.example/c/k1.token";
    copied = link.end;
  }
  replaced += html.substr(copied);
  const lmsmail::dispatch::HtmlScan again = lmsmail::dispatch::ScanHtml(replaced);
  if (again.links.size() != scan.links.size()) std::abort();
  for (const lmsmail::dispatch::HtmlLink& link : again.links) {
    if (link.target != "https://mail.example/c/k1.token") std::abort();
  }
  return 0;
}
