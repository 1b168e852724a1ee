import { errorName } from "../ffi/constants.ts";

/** A system call failed; the cause of a {@link ConnectError}. */
export class SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number) {
    super(`${syscall}: ${errorName(errno)}`);
    this.code = errorName(errno);
    this.errno = errno;
    this.syscall = syscall;
  }
}
