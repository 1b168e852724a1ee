/**
 * WebAssembly that unmasks frames, 32 bytes a step: what JavaScript has no instruction for. Exports six pages of `memory`, and
 * `unmask(source, size, header, step, bits)`, which does what `RunMemory.unmask` says. Made anew at each call; each line is followed by what it
 * says.
 *
 * A step may reach up to 32 bytes beyond a payload, in what is read and what is written: the next frame is written after it, and what lies
 * behind the last one is nobody's.
 */
export function unmaskModule(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(LISTING.replace(/;;.*/g, "").trim().split(/\s+/), (byte) => Number.parseInt(byte, 16));
}

const LISTING = `
  00 61 73 6d 01 00 00 00                                ;; (module
  01 0a 01 60 05 7f 7f 7f 7f 7f 01 7f                    ;; (type (func (param $source $size $header $step $bits i32) (result i32)))
  03 02 01 00                                            ;; (func (type 0))
  05 04 01 01 06 06                                      ;; (memory 6 6)
  07 13 02 06 6d 65 6d 6f 72 79 02 00 06 75 6e 6d 61 73 
  6b 00 00                                               ;; (export "memory" (memory 0)) (export "unmask" (func 0))
  0a 79 01 77                                            ;; (code
  02 02 7f 01 7b                                         ;; (local $at $to i32) (local $keys v128)
  03 40                                                  ;; loop ;; a frame
  20 05 20 02 6a 22 06                                   ;;   $to = $at + $header
  20 00 6a 41 04 6b 28 00 00 fd 11 21 07                 ;;   $keys = splat(load32($source + $to - 4))
  20 05 20 03 6a 21 05                                   ;;   $at += $step
  03 40                                                  ;;   loop ;; 32 bytes
  20 06 20 06 20 00 6a fd 00 00 00 20 07 fd 51 fd 0b 00 
  00                                                     ;;     store128($to, load128($source + $to) ^ $keys)
  20 06 20 06 20 00 6a fd 00 00 10 20 07 fd 51 fd 0b 00 
  10                                                     ;;     store128($to + 16, load128($source + $to + 16) ^ $keys)
  20 06 41 20 6a 22 06 20 05 49 0d 00 0b                 ;;     repeat while ($to += 32) < $at
  20 05 20 01 49 04 40 20 00 28 00 00 20 00 20 05 6a 28 
  00 00 73 20 04 71 45 0d 01 0b                          ;;   repeat while $at < $size and not (load32($source + $at) ^ load32($source)) & $bits
  0b 20 05 0b                                            ;; end, $at
`;
