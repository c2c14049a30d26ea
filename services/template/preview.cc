#include "services/template/preview.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "libs/render/limits.h"
#include "libs/render/renderer.h"
#include "libs/render/sample_context.h"
#include "libs/status/status_macros.h"
#include "services/template/wording_check.h"

namespace lmsmail::templates {
namespace {

const LocalizedContent& Chosen(const Wording& wording, const PreviewOptions& options) {
  if (options.language_code.empty()) return wording.contents.front();
  return PickLanguage(wording.contents, options.language_code);
}

void WarnOfLimits(PreviewedMail& mail) {
  constexpr std::size_t kNearClip = render::kGmailClipBytes / 10 * 9;
  if (mail.html.size() > kNearClip) {
    mail.warnings.push_back(fmt::format(
        "the HTML is {} KB: Gmail hides what comes after {} KB, the unsubscribe link with it",
        mail.html.size() / 1024, render::kGmailClipBytes / 1024));
  }
  if (mail.subject.size() > kMaxSubjectBytes) {
    mail.warnings.push_back(fmt::format("the subject is {} bytes, more than the {} of a line",
                                        mail.subject.size(), kMaxSubjectBytes));
  }
}

absl::StatusOr<PreviewedMail> Render(const std::shared_ptr<const render::Template>& compiled,
                                     const LocalizedContent& content,
                                     const PreviewOptions& options) {
  const google::protobuf::Struct context =
      options.context != nullptr ? *options.context : render::SampleContext(compiled->schema());
  render::Renderer renderer(1);
  render::Rendered rendered;
  LMSMAIL_RETURN_IF_ERROR(renderer.Render(
      compiled, context, {.mode = render::RenderOptions::Mode::kPreview}, rendered));
  PreviewedMail mail{.subject = std::move(rendered.subject),
                     .html = std::move(rendered.html),
                     .text = std::move(rendered.text),
                     .warnings = std::move(rendered.warnings),
                     .language_code = content.language_code};
  WarnOfLimits(mail);
  return mail;
}

}  // namespace

absl::StatusOr<PreviewedMail> Preview::OfStored(std::string_view id, VersionSelector version,
                                                const PreviewOptions& options,
                                                absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const Found found, catalog_.GetVersion(id, version, deadline));
  const LocalizedContent& content = Chosen(found.version->wording, options);
  LMSMAIL_ASSIGN_OR_RETURN(const auto compiled, compiled_.Get(*found.version, content));
  return Render(compiled, content, options);
}

absl::StatusOr<PreviewedMail> Preview::OfUnsaved(const Wording& wording,
                                                 const PreviewOptions& options,
                                                 Violations violations) {
  const WordingFaults faults = CheckWording(wording);
  violations.AddNested("unsaved", faults.violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  const LocalizedContent& content = Chosen(wording, options);
  LMSMAIL_ASSIGN_OR_RETURN(const auto compiled, Compile(wording, content));
  LMSMAIL_ASSIGN_OR_RETURN(PreviewedMail mail, Render(compiled, content, options));
  mail.warnings.insert(mail.warnings.begin(), faults.warnings.begin(), faults.warnings.end());
  return mail;
}

}  // namespace lmsmail::templates
