/** One thing that is wrong with one field, as RFC 9457 problems list them. */
export interface FieldError {
  /** JSON pointer into the request's body, such as "/contact/mobile". */
  pointer?: string
  /** The item concerned, such as "bank.number". */
  item?: string
  code: string
  detail: string
}

/** The problem document of a refused request. */
export interface Problem {
  type?: string
  title: string
  status: number
  detail?: string
  /** Permanent name of the refusal; programs decide by it, never by a text. */
  code: string
  errors?: FieldError[]
  [more: string]: unknown
}

/** A request that the server refused, or that never reached it (status 0). */
export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title)
    this.name = 'ProblemError'
    this.problem = problem
  }

  get status(): number {
    return this.problem.status
  }

  get code(): string {
    return this.problem.code
  }

  /** What is wrong with one field of the form, if the server said so. */
  at(pointer: string): FieldError | undefined {
    return this.problem.errors?.find((e) => e.pointer === pointer)
  }

  /** The text for one field of the form, if the server had one. */
  field(pointer: string): string | undefined {
    return this.problem.errors?.find((e) => e.pointer === pointer)?.detail
  }
}

/** Code of a request that got no answer. */
export const unreachable = 'unreachable'

/** Makes an error of whatever a request threw or answered. */
export function toProblem(cause: unknown, status = 0): ProblemError {
  if (cause instanceof ProblemError) return cause
  if (isProblem(cause)) return new ProblemError({ ...cause, status: cause.status || status })
  if (status === 0) return new ProblemError({ title: 'No answer', status: 0, code: unreachable })
  return new ProblemError({ title: `HTTP ${status}`, status, code: `http-${status}` })
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'title' in value && 'code' in value
}

/** Somebody else changed the thing since it was read. */
export function isStale(error: unknown): error is ProblemError {
  return error instanceof ProblemError && error.status === 412
}
