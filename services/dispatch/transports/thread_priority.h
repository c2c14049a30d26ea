#pragma once

// How the threads of ordinary mail stand back (setpriority(2)).
namespace lmsmail::dispatch {

// Writing bulk takes all the processor there is; everything else goes first.
inline constexpr int kRenderThreadNice = 15;
// Behind the writers, so that more than one answer waits when it gets its turn. Woken by each, it
// and the server interrupted everybody else once a mail: 15 % fewer mails a second.
inline constexpr int kSmtpThreadNice = 19;

}  // namespace lmsmail::dispatch
