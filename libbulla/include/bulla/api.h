/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands around the declarations of every header here: they are C also when a C++ program includes them,
 * and a shared library exports what they declare and nothing else.
 */
#ifndef BULLA_API_H
#define BULLA_API_H

#ifdef __cplusplus
#define BULLA_EXTERN_BEGIN extern "C" {
#define BULLA_EXTERN_END   }
#else
#define BULLA_EXTERN_BEGIN
#define BULLA_EXTERN_END
#endif

#define BULLA_BEGIN BULLA_EXTERN_BEGIN _Pragma("GCC visibility push(default)")
#define BULLA_END   _Pragma("GCC visibility pop") BULLA_EXTERN_END

#endif
