import { createFileRoute } from '@tanstack/react-router'
import { AddMerchantPage } from '@/features/registration/add-merchant-page'

export const Route = createFileRoute('/_app/applications/new')({ component: AddMerchantPage })
