// lmsmail-render-mails FOLDER
//
// Writes the HTML of each built-in template in each of its languages, with the declared samples, as
// FOLDER/{template}.{language}.html.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "libs/render/renderer.h"
#include "libs/render/sample_context.h"
#include "libs/status/status_macros.h"
#include "services/template/domain/built_in_template.h"
#include "services/template/domain/compiled_cache.h"

namespace lmsmail::templates {
namespace {

absl::Status Write(const std::filesystem::path& folder, const NewTemplate& built_in,
                   const LocalizedContent& localized) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto compiled, Compile(built_in.content, localized));
  render::Renderer renderer(1);
  render::Rendered mail;
  render::RenderOptions options;
  options.language_code = localized.language_code;
  options.time_zone = "Europe/Berlin";
  google::protobuf::Struct context = render::SampleContext(compiled->schema());
  context.mutable_fields()->erase("site_logo_url");  // nothing to load
  LMSMAIL_RETURN_IF_ERROR(renderer.Render(compiled, context, options, mail));
  std::ofstream(folder / fmt::format("{}.{}.html", built_in.id, localized.language_code))
      << mail.html;
  return absl::OkStatus();
}

absl::Status WriteAll(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  LMSMAIL_ASSIGN_OR_RETURN(const auto all, BuiltInTemplates());
  for (const NewTemplate& built_in : all) {
    for (const LocalizedContent& localized : built_in.content.languages) {
      LMSMAIL_RETURN_IF_ERROR(Write(folder, built_in, localized));
    }
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::templates

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} FOLDER\n", argv[0]);
    return 2;
  }
  const absl::Status status = lmsmail::templates::WriteAll(argv[1]);
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
