#include "tests/integration/suite/inbox.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "libs/postgres/testing/process.h"
#include "libs/status/status_macros.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

absl::StatusOr<Inbox> Inbox::Start(const fs::path& folder) {
  const fs::path port_file = folder / "port";
  fs::create_directory(folder / "mail");
  LMSMAIL_ASSIGN_OR_RETURN(
      Process server, Process::Start({LMSMAIL_PYTHON, LMSMAIL_INBOX, "serve", "--dir",
                                      folder / "mail", "--port", "0", "--port-file", port_file},
                                     folder / "inbox.log"));
  LMSMAIL_RETURN_IF_ERROR(server.WaitForLine("listens on").status());
  LMSMAIL_RETURN_IF_ERROR(
      WaitUntil("the inbox has written its port", [&] { return fs::exists(port_file); }));
  return Inbox(std::move(server), folder, std::stoi(ReadFile(port_file)));
}

Inbox::Inbox(Process server, fs::path folder, int port)
    : server_(std::move(server)), folder_(std::move(folder)), port_(port) {}

std::vector<fs::path> Inbox::Files(std::string_view address) const {
  // 000001-<recipient>.eml, see deploy/inbox.py
  const std::string end = address.empty() ? ".eml" : fmt::format("-{}.eml", address);
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "mail")) {
    if (entry.path().filename().string().ends_with(end)) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

absl::StatusOr<std::vector<ArrivedMail>> Inbox::Read(const std::vector<fs::path>& files) const {
  const fs::path json = folder_ / "read.json";
  fs::remove(json);
  std::vector<std::string> argv = {LMSMAIL_PYTHON, LMSMAIL_READ_MAIL};
  argv.insert(argv.end(), files.begin(), files.end());
  LMSMAIL_RETURN_IF_ERROR(postgres::RunToEnd({.argv = argv, .log = json}));
  ArrivedMails mails;
  const auto parsed = google::protobuf::util::JsonStringToMessage(ReadFile(json), &mails);
  if (!parsed.ok()) return absl::InternalError(parsed.ToString());
  return std::vector<ArrivedMail>(mails.mails().begin(), mails.mails().end());
}

absl::StatusOr<std::vector<ArrivedMail>> Inbox::ReadAll() const { return Read(Files({})); }

absl::StatusOr<std::vector<ArrivedMail>> Inbox::WaitFor(std::string_view address,
                                                        std::size_t count) const {
  LMSMAIL_RETURN_IF_ERROR(WaitUntil(fmt::format("{} mails to {} have arrived", count, address),
                                    [&] { return CountTo(address) >= count; }));
  return Read(Files(address));
}

absl::StatusOr<ArrivedMail> Inbox::WaitForOne(std::string_view address) const {
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<ArrivedMail> mails, WaitFor(address, 1));
  if (mails.size() > 1) {
    return absl::InternalError(fmt::format("{} mails went to {}", mails.size(), address));
  }
  return std::move(mails.front());
}

void Inbox::Suspend() const { server_.Signal(SIGSTOP); }
void Inbox::Resume() const { server_.Signal(SIGCONT); }

}  // namespace lmsmail::integration
