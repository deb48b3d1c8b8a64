import { createLink } from '@tanstack/react-router'
import { Button, type ButtonProps } from 'antd'

interface Props extends Omit<ButtonProps, 'type'> {
  /** The one thing to do next. The router keeps a link's "type" to itself, so this has a name of its own. */
  primary?: boolean
}

/** A link that looks like a button: one element, so that a reader hears one thing. */
export const ButtonLink = createLink(({ primary = false, ...props }: Props) => (
  <Button {...props} type={primary ? 'primary' : 'default'} />
))
