import base64 from 'virtual:omega-kernel'
import beginScript from 'virtual:omega-kernel-script'
import { Kernel } from '../core/kernel.ts'
import { isKernelRight } from '../core/kernel-test.ts'

/** This worker's own, whether it does what it must or not: for the self-test. In JavaScript where there is no WebAssembly. */
export const startedKernel = Kernel.start(base64) ?? Kernel.startScript(beginScript)

/**
 * The one to be used; null where there is none, and where it does not do what the plain reader does: then all is read
 * and hashed plainly.
 */
export const kernel = startedKernel !== null && isKernelRight(startedKernel) ? startedKernel : null
