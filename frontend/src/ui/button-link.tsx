import { createLink } from '@tanstack/react-router'
import { Button, type ButtonProps } from 'antd'

/** A link that looks like a button: one element, so that a reader hears one thing. */
export const ButtonLink = createLink((props: ButtonProps) => <Button {...props} />)
