"""The doors to the issuer, under the names by which allauth knows them."""

from django.urls import path

from rollback_console.issuer import views

urlpatterns = [
    path("oidc/<slug:provider_id>/login/", views.sign_in, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/again/", views.sign_in_again, name="openid_connect_again"),
    path("oidc/<slug:provider_id>/login/callback/", views.come_back, name="openid_connect_callback"),
]
